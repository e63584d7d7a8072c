import { Chakra, h, useId } from "../ui.js";

/** A part of a page with a heading, and room for controls on its right. */
export function Section({ title, note, controls, children, ...style }) {
  const id = useId();
  return h(
    Chakra.Box,
    { as: "section", "aria-labelledby": id, mt: 6, ...style },
    h(
      Chakra.Flex,
      { align: "center", justify: "space-between", wrap: "wrap", gap: 2, mb: 2, minH: 8 },
      h(
        Chakra.HStack,
        { gap: 3, align: "baseline" },
        h(Chakra.Heading, { as: "h2", size: "md", id }, title),
        note && h(Chakra.Text, { color: "fg.muted", fontSize: "sm" }, note),
      ),
      controls,
    ),
    children,
  );
}
