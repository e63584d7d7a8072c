import { Chakra, h } from "../ui.js";

/** One of many values: the browser's own list, which works with every keyboard and screen reader. */
export function SelectBox({ label, options, value, onChange, w = "180px" }) {
  return h(
    Chakra.NativeSelect.Root,
    { size: "sm", w },
    h(
      Chakra.NativeSelect.Field,
      { "aria-label": label, value, onChange: (event) => onChange(event.target.value) },
      options.map(([key, text]) => h("option", { key, value: key }, text)),
    ),
    h(Chakra.NativeSelect.Indicator),
  );
}
