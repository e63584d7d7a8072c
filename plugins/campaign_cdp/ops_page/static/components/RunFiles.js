import { bytes, count, number } from "../format.js";
import { FILE_STATES } from "../states.js";
import { Chakra, h } from "../ui.js";
import { CopyButton } from "./CopyButton.js";
import { DataTable } from "./DataTable.js";
import { Section } from "./Section.js";
import { StateBadge } from "./StateBadge.js";

const { Box, Flex, Text } = Chakra;

const COLUMNS = [
  { key: "state", label: "State", cell: ({ state }) => h(StateBadge, { state, of: FILE_STATES }) },
  { key: "part", label: "Part", cell: ({ part_no: part }) => (part === 0 ? "manifest" : part) },
  { key: "key", label: "Stored object", cell: (file) => h(StoredObject, { file }) },
  { key: "size", label: "Size", align: "end", cell: ({ size }) => bytes(size) },
  { key: "rows", label: "Rows", align: "end", cell: ({ rows }) => number(rows) },
  { key: "rejected", label: "Rejected", align: "end", cell: ({ rejected }) => number(rejected) },
  { key: "sha256", label: "SHA-256", from: "lg", cell: ({ sha256 }) => h(Digest, { sha256 }) },
];

/** The files of a run: its parts and their manifest. */
export const RunFiles = ({ files }) =>
  h(
    Section,
    { title: "Files", anchor: "files", note: count(files.length, "file") },
    h(DataTable, { label: "Files", columns: COLUMNS, rows: files, rowKey: "part_no", maxH: "360px" }),
  );

/** Where a file is now, ready to be copied; and where it was before it was historised. */
export function StoredObject({ file }) {
  const place = file.url ?? file.historised_key ?? file.key;
  return h(
    Box,
    { minW: 0 },
    h(Flex, { align: "center", gap: 1 }, h(Text, { fontSize: "xs", fontFamily: "mono", overflowWrap: "anywhere" }, place), h(CopyButton, { text: place, label: "Copy the address" })),
    file.historised_key && h(Text, { fontSize: "xs", color: "fg.muted", overflowWrap: "anywhere" }, `arrived as ${file.key}`),
  );
}

/** The beginning of a digest; the rest shows when it is pointed at. */
export const Digest = ({ sha256 }) =>
  sha256
    ? h(
        Flex,
        { align: "center", gap: 1 },
        h(Text, { fontFamily: "mono", fontSize: "xs", title: sha256 }, sha256.slice(0, 12)),
        h(CopyButton, { text: sha256, label: "Copy the SHA-256" }),
      )
    : "–";
