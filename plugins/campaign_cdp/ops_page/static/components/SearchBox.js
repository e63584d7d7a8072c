import { Chakra, h, useEffect, useState } from "../ui.js";
import { Icon } from "./Icon.js";

const PAUSE_MS = 200;

/** A text to filter by; it takes effect when the typing pauses, or goes on elsewhere. */
export function SearchBox({ label, value, onChange }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return h(
    Chakra.InputGroup,
    { startElement: h(Icon, { name: "search", color: "fg.muted" }), flex: 1, minW: "220px" },
    h(Chakra.Input, {
      type: "search",
      size: "sm",
      placeholder: label,
      "aria-label": label,
      value: text,
      onChange: (event) => setText(event.target.value),
      onBlur: () => text !== value && onChange(text),
    }),
  );
}
