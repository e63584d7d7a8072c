import { day, exact } from "../format.js";
import { Chakra, h, useId } from "../ui.js";

const { Box, Flex, Text, chakra } = Chakra;
const TALL = 100;
const AXIS = "42px";

/**
 * One measure by day. The point that is pointed at is shared with the other charts of the page.
 *
 * @param points - `{ day, value }`; a day without a value is a gap.
 * @param axis - writes the ends of the axis, where there is little room.
 * @param kind - `bars` for what adds up over a day, `line` for what is measured once.
 */
export function Chart({ title, points, kind, write, axis = write, color, active, onActive }) {
  const id = useId();
  const most = Math.max(...points.map(({ value }) => value ?? 0), 0);
  const shape = kind === "bars" ? bars : line;
  return h(
    Box,
    { borderWidth: 1, borderRadius: "md", p: 3 },
    h(
      Flex,
      { justify: "space-between", align: "baseline", gap: 2 },
      h(Text, { fontSize: "sm", fontWeight: "bold" }, title),
      h(Text, { fontSize: "xs", color: "fg.muted", whiteSpace: "nowrap" }, readout(points, active, write)),
    ),
    h(
      Flex,
      { mt: 2, h: "96px", gap: 1.5 },
      h(Axis, { top: most ? axis(most) : "", zero: most ? axis(0) : "" }),
      h(
        chakra.svg,
        {
          viewBox: `0 0 ${points.length} ${TALL}`,
          preserveAspectRatio: "none",
          flex: 1,
          minW: 0,
          h: "full",
          color,
          role: "img",
          "aria-labelledby": `${id}-title ${id}-text`,
          onPointerMove: (event) => onActive(indexAt(event, points.length)),
          onPointerLeave: () => onActive(null),
        },
        h("title", { id: `${id}-title` }, title),
        h("desc", { id: `${id}-text` }, describe(points, write)),
        frame(points.length, active),
        most > 0 && shape(points, most, active),
      ),
    ),
    h(
      Flex,
      { justify: "space-between", fontSize: "2xs", color: "fg.muted", mt: 1, ps: AXIS },
      h("span", null, points.length ? day(points[0].day) : ""),
      h("span", null, points.length ? day(points.at(-1).day) : ""),
    ),
  );
}

const Axis = ({ top, zero }) =>
  h(
    Flex,
    { direction: "column", justify: "space-between", w: "36px", flexShrink: 0, fontSize: "2xs", lineHeight: 1, color: "fg.muted", textAlign: "end", whiteSpace: "nowrap", "aria-hidden": true },
    h("span", null, top),
    h("span", null, zero),
  );

function indexAt(event, length) {
  const box = event.currentTarget.getBoundingClientRect();
  return Math.min(length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * length)));
}

function readout(points, active, write) {
  if (active !== null && points[active]) return `${day(points[active].day)}: ${write(points[active].value)}`;
  const last = points.findLast(({ value }) => value !== null && value !== undefined);
  return last ? `${day(last.day)}: ${write(last.value)}` : "No values yet";
}

function describe(points, write) {
  const known = points.filter(({ value }) => value !== null && value !== undefined);
  if (!known.length) return "No values yet.";
  const most = known.reduce((best, point) => (point.value > best.value ? point : best));
  return `${known.length} days with values; the most is ${write(most.value)} on ${exact(most.day).slice(0, 10)}.`;
}

const frame = (length, active) => [
  h(
    chakra.g,
    { key: "frame", color: "border.emphasized", stroke: "currentColor", strokeWidth: 1 },
    [0.5, TALL / 2, TALL - 0.5].map((y) =>
      h("line", { key: y, x1: 0, x2: length, y1: y, y2: y, vectorEffect: "non-scaling-stroke", strokeDasharray: y > TALL / 2 ? null : "2 4" }),
    ),
  ),
  active !== null &&
    h(chakra.rect, { key: "active", color: "bg.emphasized", x: active, y: 0, width: 1, height: TALL, fill: "currentColor", opacity: 0.6 }),
];

const bars = (points, most, active) =>
  points.map(({ day: at, value }, index) => {
    const height = value ? Math.max(1.5, (value / most) * TALL) : 0;
    const opacity = active === null || active === index ? 1 : 0.6;
    return height
      ? h("rect", { key: at, x: index + 0.12, width: 0.76, y: TALL - height, height, fill: "currentColor", opacity })
      : null;
  });

function line(points, most) {
  const runs = [[]];
  points.forEach(({ value }, index) => {
    if (value === null || value === undefined) runs.push([]);
    else runs.at(-1).push(`${index + 0.5} ${TALL - 2 - (value / most) * (TALL - 4)}`);
  });
  // A day between two gaps is a line to itself, which its round ends make a dot.
  return runs
    .filter((run) => run.length)
    .map((run) =>
      h("polyline", {
        key: run[0],
        points: (run.length > 1 ? run : [run[0], run[0]]).join(", "),
        fill: "none",
        stroke: "currentColor",
        strokeWidth: run.length > 1 ? 2 : 5,
        strokeLinecap: "round",
        strokeLinejoin: "round",
        vectorEffect: "non-scaling-stroke",
      }),
    );
}
