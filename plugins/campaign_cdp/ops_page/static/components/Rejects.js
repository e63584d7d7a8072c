import { apiUrl } from "../api.js";
import { count, number, percent, words } from "../format.js";
import { useFilters } from "../hooks/useFilters.js";
import { usePaths } from "../hooks/usePaths.js";
import { useQuery } from "../hooks/useQuery.js";
import { Chakra, h } from "../ui.js";
import { Choice } from "./Choice.js";
import { DataTable } from "./DataTable.js";
import { Icon } from "./Icon.js";
import { Nothing } from "./Nothing.js";
import { Pager } from "./Pager.js";
import { QueryProblem } from "./Problem.js";
import { Section } from "./Section.js";
import { TextLink } from "./TextLink.js";

const { Badge, Button, Text } = Chakra;
const DEFAULTS = { code: "", after: "" };

/** The rejected lines of a run: how many of each kind, and samples with masked values. */
export function Rejects({ run, rejected }) {
  const [filters, setFilters] = useFilters(DEFAULTS);
  const path = `runs/${run.run_id}/rejects`;
  const query = useQuery(rejected ? apiUrl(path, { ...filters, limit: 25 }) : null);
  if (!rejected) return null;
  const codes = Object.entries(run.rejects_by_code);
  const options = [["", `All ${number(rejected)}`], ...codes.map(([code, lines]) => [code, `${words(code)} ${number(lines)}`])];
  return h(
    Section,
    {
      title: "Rejects",
      anchor: "rejects",
      note: `${count(rejected, "line")}${lines(run) ? `, ${percent(rejected, lines(run))} of the file set` : ""}. Values are masked.`,
      controls: h(
        Button,
        { size: "sm", variant: "outline", asChild: true },
        h("a", { href: apiUrl(`${path}.csv`), download: `run_${run.run_id}_rejects.csv` }, h(Icon, { name: "download" }), "Download CSV"),
      ),
    },
    h(Chakra.Box, { mb: 2 }, h(Choice, { label: "Reason", options, value: filters.code, onChange: (code) => setFilters({ code, after: "" }) })),
    h(QueryProblem, { query, what: "The list of rejects" }),
    query.isLoading && !query.data && h(Chakra.Skeleton, { h: "160px" }),
    query.data && !query.data.rejects.length && h(Nothing, { title: "The ledger has none of these lines", size: "sm" }, "They were removed after the time that the ledger keeps rejects; their numbers stay."),
    query.data?.rejects.length > 0 && h(DataTable, { label: "Rejects", columns: COLUMNS, rows: numbered(query.data.rejects), rowKey: "index", maxH: "420px", isStale: query.isLoading }),
    query.data && h(Pager, { after: filters.after, next: query.data.next, first: "First", further: "Next", onPage: (after) => setFilters({ after }, { push: true }) }),
  );
}

const lines = ({ counts }) => counts?.rows ?? counts?.lines;
const numbered = (rejects) => rejects.map((reject, index) => ({ ...reject, index }));

const COLUMNS = [
  { key: "part", label: "Part", align: "end", w: "80px", cell: ({ part_no: part }) => number(part) },
  { key: "line", label: "Line", align: "end", w: "100px", cell: ({ line_no: line }) => number(line) },
  { key: "code", label: "Reason", cell: ({ code }) => words(code) },
  { key: "column", label: "Column", cell: ({ column }) => column ?? h(Text, { as: "span", color: "fg.muted" }, "whole line") },
  { key: "value", label: "Value (masked)", cell: ({ value }) => h(Text, { fontFamily: "mono", fontSize: "xs", overflowWrap: "anywhere" }, value ?? "–") },
  { key: "replayed", label: "Fate", cell: ({ replayed_by: by }) => h(Fate, { by }) },
];

function Fate({ by }) {
  const paths = usePaths();
  if (!by) return h(Text, { as: "span", color: "fg.muted" }, "not applied");
  return h(TextLink, { to: paths.run(by) }, h(Badge, { colorPalette: "success", size: "xs" }, `Replayed by run ${by}`));
}
