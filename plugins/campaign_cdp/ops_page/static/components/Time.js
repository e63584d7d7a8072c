import { exact, relative } from "../format.js";
import { Chakra, h } from "../ui.js";

/** A time as a distance from now; the exact time shows when it is pointed at. */
export function Time({ at, empty = "–", ...style }) {
  if (!at) return h(Chakra.Text, { as: "span", color: "fg.muted", ...style }, empty);
  return h(
    Chakra.Text,
    { as: "time", dateTime: at, title: exact(at), whiteSpace: "nowrap", ...style },
    relative(at),
  );
}
