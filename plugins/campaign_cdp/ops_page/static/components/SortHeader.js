import { Chakra, h } from "../ui.js";
import { Icon } from "./Icon.js";

const DIRECTIONS = { up: "ascending", down: "descending" };

/** The head of a column that can be sorted by: the first press puts the largest first, the next turns it round. */
export function SortHeader({ label, sortKey, sort, onSort, hint, ...style }) {
  const direction = sort === sortKey ? "up" : sort === `-${sortKey}` ? "down" : null;
  return h(
    Chakra.Table.ColumnHeader,
    { ...style, "aria-sort": DIRECTIONS[direction] ?? "none" },
    h(
      Chakra.Button,
      {
        variant: "plain",
        size: "xs",
        h: "auto",
        minW: 0,
        px: 0,
        gap: 1,
        fontWeight: "inherit",
        color: "inherit",
        title: hint,
        onClick: () => onSort(direction === "down" ? sortKey : `-${sortKey}`),
      },
      label,
      h(Icon, { name: direction === "up" ? "sortUp" : "sortDown", boxSize: 3, opacity: direction ? 1 : 0.25 }),
    ),
  );
}
