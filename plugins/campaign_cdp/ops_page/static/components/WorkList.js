import { apiUrl } from "../api.js";
import { number } from "../format.js";
import { useQuery } from "../hooks/useQuery.js";
import { Chakra, h } from "../ui.js";
import { DataTable } from "./DataTable.js";
import { asParameters, ListFilters } from "./ListFilters.js";
import { Nothing } from "./Nothing.js";
import { Pager } from "./Pager.js";
import { QueryProblem } from "./Problem.js";
import { Section } from "./Section.js";

/**
 * The runs or windows of a feed, newest first, in pages.
 *
 * @param kind - `runs` or `windows`, as the API calls them.
 */
export function WorkList({ feed, kind, title, states, columns, rowKey, filters, onChange, firstHint }) {
  const query = useQuery(apiUrl(`feeds/${encodeURIComponent(feed.feed)}/${kind}`, asParameters(filters)));
  const rows = query.data?.[kind] ?? [];
  const isFiltered = filters.state || filters.since || filters.until;
  return h(
    Section,
    { title, note: total(query.data), controls: h(ListFilters, { states, filters, onChange }) },
    h(QueryProblem, { query, what: `The list of ${kind}` }),
    query.isLoading && !query.data && h(Chakra.Skeleton, { h: "240px" }),
    query.data && !rows.length && h(Nothing, { title: isFiltered ? `No ${kind} fit these filters` : `No ${kind} yet` }, isFiltered ? null : firstHint),
    rows.length > 0 && h(DataTable, { label: title, columns, rows, rowKey, isStale: query.isLoading }),
    query.data && h(Pager, { after: filters.after, next: query.data.next, onPage: (after) => onChange({ after }, { push: true }) }),
  );
}

function total(data) {
  if (!data) return null;
  return `${data.total_is_exact ? "" : "more than "}${number(data.total_estimate)}`;
}
