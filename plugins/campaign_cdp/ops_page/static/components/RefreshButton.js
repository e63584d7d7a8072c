import { relative } from "../format.js";
import { Chakra, h } from "../ui.js";
import { Icon } from "./Icon.js";

/** Says how old the page is, and fetches it again. */
export const RefreshButton = ({ query }) =>
  h(
    Chakra.HStack,
    { gap: 1, color: "fg.muted", fontSize: "xs" },
    query.at && h(Chakra.Text, { whiteSpace: "nowrap" }, `Updated ${relative(query.at)}`),
    h(
      Chakra.IconButton,
      { size: "sm", variant: "ghost", "aria-label": "Refresh", title: "Refresh", onClick: query.reload },
      h(Icon, { name: "refresh" }),
    ),
  );
