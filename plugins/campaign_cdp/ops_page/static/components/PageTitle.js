import { Chakra, h } from "../ui.js";
import { Icon } from "./Icon.js";
import { RefreshButton } from "./RefreshButton.js";

const { Box, Flex, Heading, HStack, Text } = Chakra;

/** The name of what a page is about, its badges, and its actions on the right. */
export const PageTitle = ({ icon, title, badges, note, query, children }) =>
  h(
    Flex,
    { justify: "space-between", align: "flex-start", gap: 3, wrap: "wrap" },
    h(
      Box,
      { minW: 0 },
      h(
        HStack,
        { gap: 2, wrap: "wrap" },
        icon && h(Icon, { name: icon, boxSize: 5 }),
        h(Heading, { as: "h1", size: "xl", overflowWrap: "anywhere" }, title),
        badges,
      ),
      note && h(Text, { color: "fg.muted", fontSize: "sm", mt: 1 }, note),
    ),
    h(HStack, { gap: 2, wrap: "wrap" }, h(RefreshButton, { query }), children),
  );
