import { minute, number, words } from "../format.js";
import { DataTable } from "./DataTable.js";
import { Section } from "./Section.js";
import { h } from "../ui.js";

const COLUMNS = [
  { key: "log", label: "Log", cell: ({ log }) => words(log) },
  { key: "lower", label: "From (UTC)", cell: ({ lower }) => (lower ? minute(lower) : "the beginning") },
  { key: "upper", label: "To (UTC), not part of it", cell: ({ upper }) => minute(upper) },
  { key: "rows", label: "Events", align: "end", cell: ({ rows }) => number(rows) },
];

/** Which span of each log a window takes, and how many events that were. */
export const Bounds = ({ window }) =>
  h(
    Section,
    { title: "Logs", note: "The spans reach back behind the watermark; events that were exported before are left out." },
    h(DataTable, { label: "Logs", columns: COLUMNS, rows: window.bounds ?? [], rowKey: "log" }),
  );
