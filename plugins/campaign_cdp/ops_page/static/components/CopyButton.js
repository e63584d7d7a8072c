import { Chakra, h, useEffect, useState } from "../ui.js";
import { Icon } from "./Icon.js";

/** Puts a text on the clipboard, and says so for two seconds. */
export function CopyButton({ text, label }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = () => copyText(text).then(() => setCopied(true));
  return h(
    Chakra.IconButton,
    {
      "aria-label": isCopied ? "Copied" : label,
      title: isCopied ? "Copied" : label,
      size: "2xs",
      variant: "ghost",
      colorPalette: isCopied ? "success" : "brand",
      onClick: copy,
    },
    h(Icon, { name: isCopied ? "check" : "copy", boxSize: 3.5 }),
  );
}

// Browsers offer the clipboard to pages over https or localhost only; many Airflows are neither.
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  return undefined;
}
