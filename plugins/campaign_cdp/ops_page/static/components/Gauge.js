import { bytes, duration, number, percent, words } from "../format.js";
import { VERDICTS } from "../states.js";
import { Chakra, h } from "../ui.js";
import { StateBadge } from "./StateBadge.js";
import { TrendLine } from "./TrendLine.js";

const { Box, Flex, Text } = Chakra;
const UNITS = { sftp_storage: bytes, database_storage: bytes, sftp_file_age: duration };
const NAMES = {
  sftp_storage: "SFTP storage",
  database_storage: "Database storage",
  batches_per_day: "AEP batches per day",
  sftp_file_age: "Age of the oldest file",
};

export const limitName = ({ limit }) => NAMES[limit] ?? words(limit);

/** One limit of the contract: used and projected against it, with the marks of warning and stop, and the trend. */
export function Gauge({ reading }) {
  const { contract, limit, projected, scope, trend, used, verdict } = reading;
  const write = UNITS[limit] ?? number;
  return h(
    Box,
    { borderWidth: 1, borderRadius: "md", p: 3, minW: 0, "data-limit": limit },
    h(
      Flex,
      { justify: "space-between", gap: 2, align: "flex-start" },
      h(
        Box,
        { minW: 0 },
        h(Text, { fontSize: "sm", fontWeight: "bold" }, limitName(reading)),
        h(Text, { fontSize: "xs", color: "fg.muted", truncate: true, title: scope }, scope),
      ),
      verdict !== "ok" && h(StateBadge, { state: verdict, of: VERDICTS }),
    ),
    contract ? h(Bar, { reading, write }) : h(Box, { h: 5 }),
    h(
      Flex,
      { justify: "space-between", align: "flex-end", gap: 2 },
      h(
        Box,
        { fontSize: "xs", fontVariantNumeric: "tabular-nums" },
        h(Text, null, h("b", null, write(used)), contract ? ` of ${write(contract)} · ${percent(used, contract)}` : ""),
        h(Text, { color: "fg.muted" }, note(reading, write)),
      ),
      h(TrendLine, { trend, label: `Trend of ${limitName(reading)}`, color: barColor(verdict) }),
    ),
  );
}

function note({ contract, projected, used, warn_pct: warn, stop_pct: stop }, write) {
  if (!contract) return "only recorded";
  if (projected > used) return `${percent(projected, contract)} after the last run`;
  return [warn && `warns at ${warn} %`, stop && `stops at ${stop} %`].filter(Boolean).join(", ") || "never warns";
}

const barColor = (verdict) => (verdict === "ok" ? "success.solid" : `${VERDICTS[verdict]?.palette ?? "none"}.solid`);

function Bar({ reading, write }) {
  const { contract, projected, used, stop_pct: stop, verdict, warn_pct: warn } = reading;
  const share = (value) => (100 * value) / contract;
  const full = Math.max(100, share(projected), stop ?? 0);
  const at = (pct) => `${Math.min(100, (100 * pct) / full)}%`;
  const label = `${limitName(reading)}: ${write(used)} of ${write(contract)}`;
  const piece = { position: "absolute", top: 0, h: "full", borderRadius: "full" };
  return h(
    Box,
    {
      position: "relative",
      h: 2,
      my: 3,
      bg: "bg.emphasized",
      borderRadius: "full",
      role: "meter",
      "aria-label": label,
      "aria-valuenow": Math.round(share(used)),
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuetext": `${percent(used, contract)}, ${verdict}`,
    },
    h(Box, { ...piece, left: 0, w: at(share(projected)), bg: barColor(verdict), opacity: 0.45 }),
    h(Box, { ...piece, left: 0, w: at(share(used)), bg: barColor(verdict) }),
    warn && h(Mark, { left: at(warn), color: "warning.solid", title: `Warns at ${warn} %` }),
    stop && h(Mark, { left: at(stop), color: "failed.solid", title: `Stops runs at ${stop} %` }),
  );
}

const Mark = ({ left, color, title }) =>
  h(Box, { position: "absolute", left, top: "-3px", bottom: "-3px", w: "3px", ml: "-3px", bg: color, title, borderRadius: "sm" });
