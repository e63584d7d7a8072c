import { count, number } from "../format.js";
import { Chakra, h, useMemo } from "../ui.js";

const HEIGHT = 24;
const STEP = 4;

/** Rows of each day as small bars, the rejected part of them in the colour of failures. */
export function Sparkline({ trend }) {
  const label = useMemo(() => summary(trend), [trend]);
  const most = Math.max(1, ...trend.map(({ rows }) => rows ?? 0));
  const tall = (value) => (value ? Math.max(1.5, (value / most) * HEIGHT) : 0);
  const bars = (property) =>
    trend.map((day, index) => {
      const height = tall(day[property]);
      return height
        ? h("rect", { key: day.day, x: index * STEP, y: HEIGHT - height, width: STEP - 1, height, fill: "currentColor" })
        : null;
    });
  return h(
    Chakra.chakra.svg,
    { viewBox: `0 0 ${trend.length * STEP} ${HEIGHT}`, w: `${trend.length * STEP}px`, h: `${HEIGHT}px`, role: "img", "aria-label": label },
    h("title", null, label),
    h(Chakra.chakra.g, { color: "brand.emphasized" }, h("rect", { x: 0, y: HEIGHT - 0.75, width: "100%", height: 0.75, fill: "currentColor" })),
    h(Chakra.chakra.g, { color: "info.solid" }, bars("rows")),
    h(Chakra.chakra.g, { color: "failed.solid" }, bars("rejected")),
  );
}

function summary(trend) {
  const sum = (property) => trend.reduce((total, day) => total + (day[property] ?? 0), 0);
  return `Last ${count(trend.length, "day")}: ${count(sum("rows"), "row")}, ${number(sum("rejected"))} rejected`;
}
