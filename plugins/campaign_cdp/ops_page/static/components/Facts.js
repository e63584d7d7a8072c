import { Chakra, h } from "../ui.js";

/** Labelled values in a row, as the header of a Dag has them. */
export function Facts({ facts, ...style }) {
  return h(
    Chakra.Flex,
    { as: "dl", columnGap: 7, rowGap: 3, wrap: "wrap", ...style },
    facts
      .filter(([, value]) => value !== null && value !== undefined && value !== false)
      .map(([label, value]) =>
        h(
          Chakra.Box,
          { key: label, minW: 0 },
          h(Chakra.Text, { as: "dt", color: "fg.muted", fontSize: "xs", fontWeight: "bold" }, label),
          h(Chakra.Box, { as: "dd", fontSize: "sm", minH: 6, display: "flex", alignItems: "center", gap: 1 }, value),
        ),
      ),
  );
}
