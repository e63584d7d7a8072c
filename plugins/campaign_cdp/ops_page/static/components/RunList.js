import { duration, minute, number } from "../format.js";
import { importCounts } from "../counts.js";
import { usePaths } from "../hooks/usePaths.js";
import { RUN_STATES } from "../states.js";
import { Chakra, h } from "../ui.js";
import { StateBadge } from "./StateBadge.js";
import { Tags } from "./Tags.js";
import { TextLink } from "./TextLink.js";
import { Time } from "./Time.js";
import { WorkList } from "./WorkList.js";

const { Text } = Chakra;

/** All runs of an import, newest first. */
export const RunList = ({ feed, ...list }) =>
  h(WorkList, {
    ...list,
    feed,
    kind: "runs",
    title: "Runs",
    states: RUN_STATES,
    rowKey: "run_id",
    columns: columns(feed),
    firstHint: `The first run begins when a complete file set is in ${feed.zone?.url ?? "the landing zone"}.`,
  });

const measure = (key, label, from) => ({ key, label, align: "end", from, cell: (run) => number(importCounts(run)[key]) });

const columns = (feed) => [
  { key: "state", label: "State", cell: ({ state }) => h(StateBadge, { state, of: RUN_STATES }) },
  { key: "run", label: "Run", cell: (run) => h(RunName, { run }) },
  { key: "set", label: "File set of", cell: (run) => h(Text, { whiteSpace: "nowrap", title: run.file_set_id }, minute(run.ordered_at)) },
  { key: "opened", label: "Started", cell: (run) => h(Time, { at: run.opened_at }) },
  { key: "seconds", label: "Duration", align: "end", from: "lg", cell: (run) => duration(seconds(run)) },
  { key: "parts", label: "Parts", align: "end", from: "2xl", cell: (run) => number(run.parts) },
  measure("lines", "Lines"),
  measure("rejected", "Rejected"),
  measure("inserted", "Inserted", "lg"),
  measure("updated", "Updated", "lg"),
  { key: "list", label: "List", align: "end", from: "xl", cell: ({ counts }) => listChange(counts) },
  { key: "error", label: "Error", cell: (run) => h(Text, { as: "span", color: "fg.error", title: run.error_message, whiteSpace: "nowrap" }, run.error_code) },
  { key: "dag_run", label: "Dag run", from: "2xl", cell: (run) => h(DagRun, { feed, run }) },
];

const RunName = ({ run }) => h(Chakra.HStack, { gap: 1 }, h(TextLink, { to: usePaths().run(run.run_id) }, `Run ${run.run_id}`), h(Tags, { work: run }));

/** A link to the Dag run that did the work. */
export function DagRun({ feed, run }) {
  const paths = usePaths();
  if (!run.dag_run_id) return "–";
  return h(TextLink, { to: paths.dagRun(feed.dag_id, run.dag_run_id), truncate: true, maxW: "220px", display: "block", fontSize: "xs" }, run.dag_run_id);
}

/** Return how long a run or window took, or takes so far. */
export const seconds = ({ opened_at: from, updated_at: to, state }) =>
  ((state === "open" ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1000;

function listChange({ list_added: added, list_removed: removed }) {
  return added === undefined ? "–" : `+${number(added)} −${number(removed)}`;
}
