import { toaster } from "../toaster.js";
import { Chakra, h } from "../ui.js";

const { Portal, Stack, Toast, Toaster } = Chakra;

/** Where the short messages appear. */
export const Toasts = () =>
  h(
    Portal,
    null,
    h(Toaster, { toaster, insetInline: { mdDown: "4" } }, (toast) =>
      h(
        Toast.Root,
        { width: { md: "sm" } },
        h(Toast.Indicator),
        h(
          Stack,
          { gap: 1, flex: 1, maxWidth: "100%" },
          toast.title && h(Toast.Title, null, toast.title),
          toast.description && h(Toast.Description, { overflowWrap: "anywhere" }, toast.description),
        ),
        toast.closable && h(Toast.CloseTrigger),
      ),
    ),
  );
