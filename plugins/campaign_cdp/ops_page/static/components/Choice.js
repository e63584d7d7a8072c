import { Chakra, h } from "../ui.js";

/** One of a few values, as buttons that belong together. */
export function Choice({ label, options, value, onChange }) {
  return h(
    Chakra.ButtonGroup,
    { attached: true, size: "sm", variant: "outline", colorPalette: "brand", role: "group", "aria-label": label },
    options.map(([key, text]) =>
      h(
        Chakra.Button,
        {
          key,
          variant: key === value ? "solid" : "outline",
          "aria-pressed": key === value,
          onClick: () => onChange(key),
        },
        text,
      ),
    ),
  );
}
