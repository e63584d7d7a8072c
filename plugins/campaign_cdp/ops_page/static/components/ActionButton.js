import { Chakra, Fragment, h, useState } from "../ui.js";
import { Icon } from "./Icon.js";

/** A button that opens the dialog of an action. */
export function ActionButton({ label, icon, dialog, variant = "outline", palette = "brand", ...props }) {
  const [isOpen, setOpen] = useState(false);
  return h(
    Fragment,
    null,
    h(
      Chakra.Button,
      { size: "sm", variant, colorPalette: palette, onClick: () => setOpen(true), "aria-haspopup": "dialog" },
      h(Icon, { name: icon }),
      label,
    ),
    isOpen && h(dialog, { ...props, onClose: () => setOpen(false) }),
  );
}
