import { duration, number, words } from "../format.js";
import { Chakra, h } from "../ui.js";
import { DataTable } from "./DataTable.js";
import { Section } from "./Section.js";
import { Time } from "./Time.js";

const COLUMNS = [
  { key: "step", label: "Step", cell: ({ step }) => words(step) },
  { key: "counts", label: "Counts", cell: ({ counts }) => h(Chakra.Text, { fontSize: "xs", fontVariantNumeric: "tabular-nums" }, countsText(counts)) },
  { key: "at", label: "After", align: "end", cell: ({ after }) => duration(after) },
  { key: "finished", label: "Finished", cell: ({ finished_at: at }) => h(Time, { at }) },
];

/** The steps that are done, and how long after the start. */
export function Steps({ run }) {
  const rows = (run.steps ?? []).map((step) => ({ ...step, after: (Date.parse(step.finished_at) - Date.parse(run.opened_at)) / 1000 }));
  return h(
    Section,
    { title: "Steps" },
    rows.length
      ? h(DataTable, { label: "Steps", columns: COLUMNS, rows, rowKey: "step" })
      : h(Chakra.Text, { color: "fg.muted", fontSize: "sm" }, run.state === "open" || run.state === "planned" ? "No step is done yet." : "No step was recorded."),
  );
}

const ORDER = ["lines", "rows", "loaded", "rejected", "duplicates", "inserted", "updated", "unchanged", "unmatched"];
const place = ([name]) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

const countsText = (counts) =>
  Object.entries(counts)
    .toSorted((one, other) => place(one) - place(other))
    .filter(([, value]) => typeof value === "number" && value !== 0)
    .map(([name, value]) => `${words(name).toLowerCase()} ${number(value)}`)
    .join(", ") || "–";
