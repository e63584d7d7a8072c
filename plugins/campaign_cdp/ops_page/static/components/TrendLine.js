import { Chakra, h } from "../ui.js";

const [WIDE, TALL] = [100, 28];

/** How a reading moved, as a bare line. */
export function TrendLine({ trend, label, color }) {
  if (!trend || trend.length < 2) return null;
  const values = trend.map(({ used }) => used);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const height = (value) => (most === least ? TALL / 2 : TALL - 2 - ((value - least) / (most - least)) * (TALL - 4));
  const points = values.map((value, index) => `${(index / (values.length - 1)) * WIDE},${height(value)}`);
  return h(
    Chakra.chakra.svg,
    { viewBox: `0 0 ${WIDE} ${TALL}`, w: "64px", h: "24px", mt: 1, flexShrink: 0, preserveAspectRatio: "none", role: "img", "aria-label": label, color },
    h("title", null, label),
    h("polyline", {
      points: points.join(" "),
      fill: "none",
      stroke: "currentColor",
      strokeWidth: 1.5,
      strokeLinejoin: "round",
      vectorEffect: "non-scaling-stroke",
    }),
  );
}
