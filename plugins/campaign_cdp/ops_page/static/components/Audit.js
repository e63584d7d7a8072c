import { words } from "../format.js";
import { Chakra, h } from "../ui.js";
import { DataTable } from "./DataTable.js";
import { Section } from "./Section.js";
import { Time } from "./Time.js";

const COLUMNS = [
  { key: "at", label: "When", cell: ({ at }) => h(Time, { at }) },
  { key: "actor", label: "Who", cell: ({ actor }) => actor },
  { key: "action", label: "What", cell: ({ action }) => words(action) },
  { key: "detail", label: "Detail", cell: ({ detail }) => h(Chakra.Text, { fontSize: "xs", color: "fg.muted", overflowWrap: "anywhere" }, detailText(detail)) },
];

/** Who did what to a run or window. */
export const Audit = ({ entries = [] }) =>
  h(
    Section,
    { title: "Audit" },
    entries.length
      ? h(DataTable, { label: "Audit", columns: COLUMNS, rows: entries.map((entry, index) => ({ ...entry, index })), rowKey: "index" })
      : h(Chakra.Text, { color: "fg.muted", fontSize: "sm" }, "Nobody intervened."),
  );

const detailText = (detail = {}) =>
  Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
