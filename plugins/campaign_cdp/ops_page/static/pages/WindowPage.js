import { apiUrl } from "../api.js";
import { Audit } from "../components/Audit.js";
import { Bounds } from "../components/Bounds.js";
import { Facts } from "../components/Facts.js";
import { Loading } from "../components/Loading.js";
import { PageTitle } from "../components/PageTitle.js";
import { Problem, QueryProblem } from "../components/Problem.js";
import { DagRun, seconds } from "../components/RunList.js";
import { StateBadge } from "../components/StateBadge.js";
import { Steps } from "../components/Steps.js";
import { Tags } from "../components/Tags.js";
import { Time } from "../components/Time.js";
import { Trail } from "../components/Trail.js";
import { WindowFiles } from "../components/WindowFiles.js";
import { span } from "../components/WindowList.js";
import { bytes, duration, number } from "../format.js";
import { usePaths } from "../hooks/usePaths.js";
import { useQuery } from "../hooks/useQuery.js";
import { WINDOW_STATES } from "../states.js";
import { Chakra, Fragment, h } from "../ui.js";

/** One export window: which span of which logs, and the files that came of it. */
export function WindowPage({ id }) {
  const paths = usePaths();
  const query = useQuery(apiUrl(`windows/${encodeURIComponent(id)}`));
  return h(
    Fragment,
    null,
    !query.data && h(Trail, { steps: [["Sync runs", paths.overview]], here: `Window ${id}` }),
    h(QueryProblem, { query, what: "The window" }),
    query.isLoading && !query.data && h(Loading, { what: `window ${id}` }),
    query.data && h(WindowView, { window: query.data, query }),
  );
}

function WindowView({ window, query }) {
  const paths = usePaths();
  const files = window.files ?? [];
  return h(
    Fragment,
    null,
    h(Trail, { steps: [["Sync runs", paths.overview], [window.feed, paths.feed(window.feed)]], here: `Window ${window.window_id}` }),
    h(PageTitle, {
      title: `Window ${window.window_id}`,
      badges: h(Fragment, null, h(StateBadge, { state: window.state, of: WINDOW_STATES }), h(Tags, { work: window })),
      query,
    }),
    h(Facts, { mt: 3, facts: facts(window, files) }),
    window.reason && h(Problem, { message: window.reason, status: "warning", mt: 4 }),
    h(Bounds, { window }),
    h(WindowFiles, { files }),
    h(
      Chakra.Grid,
      { templateColumns: { base: "1fr", lg: "1fr 1fr" }, columnGap: 6 },
      h(Steps, { run: window }),
      h(Audit, { entries: window.audit }),
    ),
  );
}

const facts = (window, files) => [
  ["Events changed in (UTC)", span(window.bounds)],
  ["Started", h(Time, { at: window.opened_at })],
  ["Last change", h(Time, { at: window.updated_at })],
  ["Duration", duration(seconds(window))],
  ["Events", number(window.rows)],
  ["Size", bytes(files.reduce((sum, file) => sum + file.size, 0))],
  ["Dag run", h(DagRun, { feed: window, run: window })],
];
