import { Chakra, h } from "../ui.js";
import { SortHeader } from "./SortHeader.js";

const { Table } = Chakra;

/**
 * A table with a head that stays in view.
 *
 * @param columns - `{ key, label, cell, align, from, w, sort }`; `from` is the width of the window from which a column is shown.
 * @param rows - objects; `rowKey` names the property that tells them apart.
 * @param sort - the present order, for columns that have a `sort`; `onSort` changes it.
 */
export function DataTable({ label, columns, rows, rowKey, sort, onSort, isStale = false, maxH = "70vh", ...style }) {
  return h(
    Table.ScrollArea,
    { borderWidth: 1, borderRadius: "md", maxH, opacity: isStale ? 0.5 : 1, transition: "opacity 0.2s", ...style },
    h(
      Table.Root,
      { size: "sm", stickyHeader: true, interactive: true, "aria-label": label, "aria-busy": isStale },
      h(Table.Header, null, h(Table.Row, { bg: "bg.muted" }, columns.map((column) => headCell(column, sort, onSort)))),
      h(
        Table.Body,
        null,
        rows.map((row) =>
          h(
            Table.Row,
            { key: row[rowKey], "data-row": row[rowKey] },
            columns.map((column) => bodyCell(column, row)),
          ),
        ),
      ),
    ),
  );
}

const shownFrom = (width) => (width ? { base: "none", [width]: "table-cell" } : undefined);

function headCell({ key, label, align, from, w, sort: sortKey, hint }, sort, onSort) {
  const style = { w, textAlign: align, display: shownFrom(from), bg: "bg.muted", whiteSpace: "nowrap", fontSize: "xs" };
  if (!sortKey) return h(Table.ColumnHeader, { key, ...style, title: hint }, label);
  return h(SortHeader, { key, label, sortKey, sort, onSort, hint, ...style });
}

const bodyCell = ({ key, cell, align, from, ...style }, row) =>
  h(
    Table.Cell,
    {
      key,
      textAlign: align,
      display: shownFrom(from),
      fontVariantNumeric: align === "end" ? "tabular-nums" : undefined,
      whiteSpace: align === "end" ? "nowrap" : undefined,
      maxW: style.maxW,
    },
    cell(row),
  );
