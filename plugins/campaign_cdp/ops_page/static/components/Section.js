import { useAnchor } from "../hooks/useAnchor.js";
import { Chakra, h, useId } from "../ui.js";

/** A part of a page with a heading, and room for controls on its right; `anchor` names it in URLs. */
export function Section({ title, note, controls, anchor, children, ...style }) {
  const id = useId();
  const place = useAnchor(anchor);
  return h(
    Chakra.Box,
    { as: "section", id: anchor, ref: place, "aria-labelledby": id, mt: 6, ...style },
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
