import { isExport } from "../states.js";
import { Chakra, h } from "../ui.js";
import { ActionButton } from "./ActionButton.js";
import { BackfillDialog } from "./BackfillDialog.js";
import { RunDialog } from "./RunDialog.js";

/** What can be done with a feed, by those who may. */
export const FeedActions = ({ feed, onDone }) =>
  feed.can_edit &&
  feed.state !== "broken" &&
  h(
    Chakra.HStack,
    { gap: 2, wrap: "wrap" },
    h(ActionButton, { label: "Preview", icon: "eye", dialog: RunDialog, feed, preview: true, onDone }),
    isExport(feed) && h(ActionButton, { label: "Backfill", icon: "history", dialog: BackfillDialog, feed, onDone }),
    h(ActionButton, { label: "Run now", icon: "play", variant: "solid", dialog: RunDialog, feed, preview: false, onDone }),
  );
