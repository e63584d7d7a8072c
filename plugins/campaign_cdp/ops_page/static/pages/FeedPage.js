import { apiUrl } from "../api.js";
import { FeedCharts } from "../components/FeedCharts.js";
import { FeedHeader } from "../components/FeedHeader.js";
import { Loading } from "../components/Loading.js";
import { Problem, QueryProblem } from "../components/Problem.js";
import { RunList } from "../components/RunList.js";
import { Trail } from "../components/Trail.js";
import { WindowList } from "../components/WindowList.js";
import { useFilters } from "../hooks/useFilters.js";
import { usePaths } from "../hooks/usePaths.js";
import { useQuery } from "../hooks/useQuery.js";
import { isExport } from "../states.js";
import { Fragment, h } from "../ui.js";

const DEFAULTS = { days: "30", state: "", since: "", until: "", after: "" };

/** One feed: how it is, how it went, and all its runs or windows. */
export function FeedPage({ feed: name }) {
  const paths = usePaths();
  const query = useQuery(apiUrl("feeds"));
  const [filters, setFilters] = useFilters(DEFAULTS);
  const feed = query.data?.feeds.find((entry) => entry.feed === name);
  return h(
    Fragment,
    null,
    !paths.isTab && h(Trail, { steps: [["Sync runs", paths.overview]], here: name }),
    h(QueryProblem, { query, what: "The state of the feed" }),
    query.isLoading && !query.data && h(Loading, { what: `feed ${name}` }),
    query.data && !feed && h(Problem, { title: `There is no feed ${name}`, message: "Or its Dag is not yours to read.", nextStep: "Go back to the overview.", my: 4 }),
    feed && h(FeedHeader, { feed, query }),
    feed && feed.state !== "broken" && h(FeedCharts, { feed, days: filters.days, onDays: (days) => setFilters({ days }) }),
    feed && feed.state !== "broken" && h(isExport(feed) ? WindowList : RunList, { feed, filters, onChange: setFilters }),
  );
}
