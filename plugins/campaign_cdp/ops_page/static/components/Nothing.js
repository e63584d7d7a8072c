import { Chakra, h } from "../ui.js";
import { Icon } from "./Icon.js";

/** What is shown where there is nothing to show, and what would change that. */
export const Nothing = ({ title, icon = "inbox", children, ...style }) =>
  h(
    Chakra.EmptyState.Root,
    { borderWidth: 1, borderRadius: "md", size: "sm", ...style },
    h(
      Chakra.EmptyState.Content,
      null,
      h(Chakra.EmptyState.Indicator, null, h(Icon, { name: icon, boxSize: 8 })),
      h(Chakra.EmptyState.Title, null, title),
      h(Chakra.EmptyState.Description, { maxW: "60ch", textAlign: "center" }, children),
    ),
  );
