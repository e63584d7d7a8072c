import { apiUrl } from "../api.js";
import { Audit } from "../components/Audit.js";
import { Facts } from "../components/Facts.js";
import { Funnel } from "../components/Funnel.js";
import { Loading } from "../components/Loading.js";
import { PageTitle } from "../components/PageTitle.js";
import { Problem, QueryProblem } from "../components/Problem.js";
import { Rejects } from "../components/Rejects.js";
import { RunActions } from "../components/RunActions.js";
import { RunFiles } from "../components/RunFiles.js";
import { DagRun, seconds } from "../components/RunList.js";
import { Section } from "../components/Section.js";
import { StateBadge } from "../components/StateBadge.js";
import { Steps } from "../components/Steps.js";
import { Tags } from "../components/Tags.js";
import { TextLink } from "../components/TextLink.js";
import { Time } from "../components/Time.js";
import { Trail } from "../components/Trail.js";
import { importCounts } from "../counts.js";
import { duration, minute } from "../format.js";
import { usePaths } from "../hooks/usePaths.js";
import { useQuery } from "../hooks/useQuery.js";
import { RUN_STATES } from "../states.js";
import { Chakra, Fragment, h } from "../ui.js";

/** One run: what became of every line of its file set. */
export function RunPage({ id }) {
  const paths = usePaths();
  const query = useQuery(apiUrl(`runs/${encodeURIComponent(id)}`));
  return h(
    Fragment,
    null,
    !query.data && h(Trail, { steps: [["Sync runs", paths.overview]], here: `Run ${id}` }),
    h(QueryProblem, { query, what: "The run" }),
    query.isLoading && !query.data && h(Loading, { what: `run ${id}` }),
    query.data && h(RunView, { run: query.data, query }),
  );
}

function RunView({ run, query }) {
  const paths = usePaths();
  const counts = importCounts(run);
  const rejected = Object.values(run.rejects_by_code ?? {}).reduce((sum, lines) => sum + lines, 0);
  return h(
    Fragment,
    null,
    h(Trail, { steps: [["Sync runs", paths.overview], [run.feed, paths.feed(run.feed)]], here: `Run ${run.run_id}` }),
    h(
      PageTitle,
      {
        title: `Run ${run.run_id}`,
        badges: h(Fragment, null, h(StateBadge, { state: run.state, of: RUN_STATES }), h(Tags, { work: run })),
        query,
      },
      h(RunActions, { run, rejected, onDone: query.reload }),
    ),
    h(Facts, { mt: 3, facts: facts(run, paths) }),
    run.error_code && h(Problem, { code: run.error_code, message: run.error_message, mt: 4 }),
    "lines" in counts
      ? h(Section, { title: run.preview ? "What it would do" : "Where the lines went" }, h(Funnel, { counts }))
      : h(Section, { title: "Where the lines went" }, h(Chakra.Text, { color: "fg.muted", fontSize: "sm" }, run.state === "open" ? "Not counted yet." : "They were not counted.")),
    h(Rejects, { run, rejected }),
    h(RunFiles, { files: run.files }),
    h(
      Chakra.Grid,
      { templateColumns: { base: "1fr", lg: "1fr 1fr" }, columnGap: 6 },
      h(Steps, { run }),
      h(Audit, { entries: run.audit }),
    ),
  );
}

const facts = (run, paths) => [
  ["File set of", `${minute(run.ordered_at)} UTC`],
  ["Started", h(Time, { at: run.opened_at })],
  [run.state === "open" ? "Last change" : "Ended", h(Time, { at: run.updated_at })],
  ["Duration", duration(seconds(run))],
  ["Replay of", run.replay_of && h(TextLink, { to: paths.run(run.replay_of) }, `Run ${run.replay_of}`)],
  ["File set", h(Chakra.Text, { fontFamily: "mono", fontSize: "xs", truncate: true, maxW: "280px", title: run.file_set_id }, run.file_set_id)],
  ["Dag run", h(DagRun, { feed: run, run })],
];
