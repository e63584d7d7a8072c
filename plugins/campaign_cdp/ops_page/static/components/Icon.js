import { Chakra, h } from "../ui.js";

// Strokes on a grid of 24, as wide and round as the icons of Airflow's own pages.
const STROKES = {
  alert: "M12 4 2.5 20h19L12 4z M12 10v4 M12 17v.01",
  arrowRight: "M5 12h14 M13 6l6 6-6 6",
  audience: "M12 3v11 M7.5 9.5 12 14l4.5-4.5 M4 15v3a3 3 0 0 0 3 3h10a3 3 0 0 0 3-3v-3",
  check: "M5 12.5 10 17.5 19.5 7",
  clock: "M12 3a9 9 0 1 0 .01 0 M12 7.5V12l3 2",
  columns: "M4 5h16v14H4z M4 10h16 M10 10v9",
  copy: "M9 9h11v11H9z M5 15H4V4h11v1",
  cross: "M6 6l12 12 M18 6 6 18",
  dash: "M6 12h12",
  download: "M12 4v11 M7.5 10.5 12 15l4.5-4.5 M4 20h16",
  events: "M12 14V3 M7.5 7.5 12 3l4.5 4.5 M4 15v3a3 3 0 0 0 3 3h10a3 3 0 0 0 3-3v-3",
  external: "M14 4h6v6 M20 4 11 13 M18 14v6H4V6h6",
  eye: "M2.5 12C5 7.5 8.300 5.500 12 5.500s7 2 9.500 6.500c-2.500 4.500-5.800 6.500-9.500 6.500S5 16.500 2.500 12z M12 9.500a2.500 2.500 0 1 0 .01 0",
  history: "M4 4v5h5 M4.500 9A8.500 8.500 0 1 1 3.500 13 M12 8v4.500l3 1.500",
  inbox: "M3 13h5l2 3h4l2-3h5 M3 13v6h18v-6l-3-8H6l-3 8z",
  play: "M7 4.500v15l12-7.500-12-7.500z",
  pulse: "M2.500 12H7l3-8 4 16 3-8h4.500",
  refresh: "M20 4v5h-5 M19.500 9A8 8 0 1 0 20 13",
  release: "M6 11h12v9H6z M9 11V7.500a3.500 3.500 0 0 1 6.800-1",
  search: "M11 4a7 7 0 1 0 .01 0 M16.200 16.200 21 21",
  skip: "M5 5l10 7-10 7V5z M19 5v14",
  sortDown: "M12 5v14 M6.500 13.500 12 19l5.500-5.500",
  sortUp: "M12 19V5 M6.500 10.500 12 5l5.500 5.500",
};

/** One icon; it says nothing to a screen reader unless it has a label. */
export function Icon({ name, label, ...style }) {
  return h(
    Chakra.Icon,
    { boxSize: 4, flexShrink: 0, asChild: true, ...style },
    h(
      "svg",
      {
        viewBox: "0 0 24 24",
        fill: "none",
        stroke: "currentColor",
        strokeWidth: 2,
        strokeLinecap: "round",
        strokeLinejoin: "round",
        ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true }),
      },
      STROKES[name].split(" M").map((d, index) => h("path", { key: d, d: index ? `M${d}` : d })),
    ),
  );
}
