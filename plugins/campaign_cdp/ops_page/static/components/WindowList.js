import { bytes, duration, minute, number } from "../format.js";
import { usePaths } from "../hooks/usePaths.js";
import { WINDOW_STATES } from "../states.js";
import { Chakra, h } from "../ui.js";
import { DagRun, seconds } from "./RunList.js";
import { StateBadge } from "./StateBadge.js";
import { Tags } from "./Tags.js";
import { TextLink } from "./TextLink.js";
import { Time } from "./Time.js";
import { WorkList } from "./WorkList.js";

const { Text } = Chakra;

/** All windows of an export, newest first. */
export const WindowList = ({ feed, ...list }) =>
  h(WorkList, {
    ...list,
    feed,
    kind: "windows",
    title: "Windows",
    states: WINDOW_STATES,
    rowKey: "window_id",
    columns: columns(feed),
    firstHint: "The first window is opened by the first Dag run.",
  });

const columns = (feed) => [
  { key: "state", label: "State", cell: ({ state }) => h(StateBadge, { state, of: WINDOW_STATES }) },
  { key: "window", label: "Window", cell: (window) => h(WindowName, { window }) },
  { key: "span", label: "Events changed in (UTC)", cell: ({ bounds }) => h(Text, { whiteSpace: "nowrap", fontVariantNumeric: "tabular-nums", title: boundsText(bounds) }, span(bounds)) },
  { key: "opened", label: "Started", cell: (window) => h(Time, { at: window.opened_at }) },
  { key: "seconds", label: "Duration", align: "end", from: "lg", cell: (window) => duration(seconds(window)) },
  { key: "rows", label: "Events", align: "end", cell: ({ rows }) => number(rows) },
  { key: "files", label: "Files", align: "end", from: "lg", cell: ({ files }) => number(files) },
  { key: "bytes", label: "Size", align: "end", from: "lg", cell: (window) => bytes(window.bytes) },
  { key: "reason", label: "Reason", from: "xl", maxW: "220px", cell: ({ reason }) => h(Text, { truncate: true, title: reason }, reason) },
  { key: "dag_run", label: "Dag run", from: "2xl", cell: (window) => h(DagRun, { feed, run: window }) },
];

const WindowName = ({ window }) =>
  h(Chakra.HStack, { gap: 1 }, h(TextLink, { to: usePaths().window(window.window_id) }, `Window ${window.window_id}`), h(Tags, { work: window }));

/** Return the span of a window: the oldest lower and the newest upper bound of its logs. */
export function span(bounds) {
  if (!bounds?.length) return "–";
  const lowers = bounds.map(({ lower }) => lower);
  const from = lowers.some((lower) => !lower) ? "the beginning" : minute(lowers.toSorted()[0]);
  return `${from} – ${minute(bounds.map(({ upper }) => upper).toSorted().at(-1))}`;
}

const boundsText = (bounds = []) =>
  bounds.map(({ log, lower, upper }) => `${log}: ${lower ? minute(lower) : "the beginning"} – ${minute(upper)}`).join("\n");
