import { Chakra, h } from "../ui.js";

/** The outline of a page whose data are on their way. */
export const Loading = ({ what }) =>
  h(
    Chakra.Stack,
    { gap: 4, mt: 2, role: "status", "aria-busy": true, "aria-label": `Loading ${what}` },
    h(Chakra.Skeleton, { h: 8, w: "320px" }),
    h(Chakra.Skeleton, { h: 14 }),
    h(Chakra.Skeleton, { h: "152px" }),
    h(Chakra.Skeleton, { h: "240px" }),
  );
