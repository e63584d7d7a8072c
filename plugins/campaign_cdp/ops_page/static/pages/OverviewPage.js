import { apiUrl } from "../api.js";
import { FeedFilters } from "../components/FeedFilters.js";
import { FeedTable } from "../components/FeedTable.js";
import { Limits } from "../components/Limits.js";
import { NoFeeds } from "../components/NoFeeds.js";
import { Nothing } from "../components/Nothing.js";
import { QueryProblem } from "../components/Problem.js";
import { RefreshButton } from "../components/RefreshButton.js";
import { Section } from "../components/Section.js";
import { count } from "../format.js";
import { chosen } from "../feeds.js";
import { useFilters } from "../hooks/useFilters.js";
import { useQuery } from "../hooks/useQuery.js";
import { Chakra, Fragment, h } from "../ui.js";

const DEFAULTS = { q: "", state: "", direction: "", sort: "state" };

/** All feeds at a glance: which are healthy, and what the contract still allows. */
export function OverviewPage() {
  const query = useQuery(apiUrl("feeds"));
  const [filters, setFilters] = useFilters(DEFAULTS);
  return h(
    Fragment,
    null,
    h(
      Chakra.Flex,
      { justify: "space-between", align: "center", mb: 3 },
      h(Chakra.Heading, { as: "h1", size: "xl" }, "Sync runs"),
      h(RefreshButton, { query }),
    ),
    h(Limits),
    h(QueryProblem, { query, what: "The list of feeds" }),
    query.isLoading && !query.data && h(Loading),
    query.data && h(Feeds, { feeds: query.data.feeds, filters, setFilters }),
  );
}

function Feeds({ feeds, filters, setFilters }) {
  if (!feeds.length) return h(NoFeeds);
  const rows = chosen(feeds, filters);
  return h(
    Section,
    { title: count(feeds.length, "feed"), note: rows.length < feeds.length && `${rows.length} shown` },
    h(FeedFilters, { feeds, filters, onChange: setFilters }),
    rows.length
      ? h(FeedTable, { feeds: rows, sort: filters.sort, onSort: (sort) => setFilters({ sort }) })
      : h(
          Nothing,
          { title: "No feed fits these filters", icon: "search" },
          h(Chakra.Button, { size: "sm", variant: "outline", onClick: () => setFilters({ q: "", state: "", direction: "" }) }, "Clear filters"),
        ),
  );
}

const Loading = () =>
  h(
    Chakra.Stack,
    { gap: 2, mt: 6, "aria-busy": true, "aria-label": "Loading feeds", role: "status" },
    h(Chakra.Skeleton, { h: 8, w: "200px" }),
    [0, 1, 2, 3, 4].map((key) => h(Chakra.Skeleton, { key, h: 12 })),
  );
