import { bytes, count, number, words } from "../format.js";
import { FILE_STATES } from "../states.js";
import { Chakra, h } from "../ui.js";
import { DataTable } from "./DataTable.js";
import { Digest, StoredObject } from "./RunFiles.js";
import { Section } from "./Section.js";
import { StateBadge } from "./StateBadge.js";
import { Time } from "./Time.js";

const COLUMNS = [
  { key: "state", label: "State", cell: ({ state }) => h(StateBadge, { state, of: FILE_STATES }) },
  { key: "log", label: "Log", cell: ({ log }) => words(log) },
  { key: "key", label: "Stored object", cell: (file) => h(StoredObject, { file }) },
  { key: "size", label: "Size", align: "end", cell: ({ size }) => bytes(size) },
  { key: "rows", label: "Events", align: "end", cell: ({ rows }) => number(rows) },
  { key: "published", label: "Published", from: "lg", cell: ({ published_at: at }) => h(Time, { at }) },
  { key: "sha256", label: "SHA-256", from: "xl", cell: ({ sha256 }) => h(Digest, { sha256 }) },
];

/** The files of an export window. */
export const WindowFiles = ({ files }) =>
  h(
    Section,
    { title: "Files", note: count(files.length, "file") },
    files.length
      ? h(DataTable, { label: "Files", columns: COLUMNS, rows: files, rowKey: "key", maxH: "360px" })
      : h(Chakra.Text, { color: "fg.muted", fontSize: "sm" }, "No file: there were no events, or they are not written yet."),
  );
