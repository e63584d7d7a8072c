import { bytes, duration, number, percent } from "../format.js";
import { VERDICTS } from "../states.js";
import { Chakra, h } from "../ui.js";
import { StateBadge } from "./StateBadge.js";
import { TrendLine } from "./TrendLine.js";

const { Box, Flex, Text } = Chakra;
const WRITERS = { bytes, seconds: duration };

/** One limit of the contract: used and projected against it, with the marks of warning and stop, and the trend. */
export function Gauge({ reading }) {
  const { contract, label, limit, remedy, scope, trend, unit, used, verdict } = reading;
  const write = WRITERS[unit] ?? number;
  return h(
    Flex,
    { direction: "column", borderWidth: 1, borderRadius: "md", p: 3, minW: 0, "data-limit": limit, title: verdict === "ok" ? undefined : remedy },
    h(
      Flex,
      { justify: "space-between", gap: 2, align: "flex-start" },
      h(
        Box,
        { minW: 0 },
        h(Text, { fontSize: "sm", fontWeight: "bold", whiteSpace: "nowrap" }, label),
        h(Text, { fontSize: "xs", color: "fg.muted", truncate: true, title: scope }, scope),
      ),
      verdict !== "ok" && h(StateBadge, { state: verdict, of: VERDICTS }),
    ),
    contract ? h(Bar, { reading, write }) : h(Box, { h: 5 }),
    h(
      Flex,
      { justify: "space-between", fontSize: "xs", fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap", gap: 2 },
      h(Text, null, h("b", null, write(used)), contract ? ` of ${write(contract)}` : ""),
      contract && h(Text, { fontWeight: "bold" }, percent(used, contract)),
    ),
    h(
      Flex,
      { justify: "space-between", align: "flex-end", gap: 2, flex: 1 },
      h(Box, { fontSize: "xs", color: "fg.muted", alignSelf: "flex-start" }, notes(reading).map((note) => h(Text, { key: note }, note))),
      h(TrendLine, { trend, label: trendText(reading, write), color: barColor(verdict) }),
    ),
  );
}

function notes({ contract, projected, used, warn_pct: warn, stop_pct: stop }) {
  if (!contract) return ["only recorded"];
  const marks = [warn && `warns at ${warn} %`, stop && `stops at ${stop} %`].filter(Boolean);
  return [projected > used && `${percent(projected, contract)} as planned`, ...marks].filter(Boolean);
}

function trendText({ label, trend }, write) {
  if (!trend.length) return label;
  return `${label}: ${write(trend[0].used)} ${trend.length} days ago, ${write(trend.at(-1).used)} now`;
}

const barColor = (verdict) => (verdict === "ok" ? "success.solid" : `${VERDICTS[verdict]?.palette ?? "none"}.solid`);

function Bar({ reading, write }) {
  const { contract, label, projected, stop_pct: stop, used, verdict, warn_pct: warn } = reading;
  const share = (value) => (100 * value) / contract;
  const full = Math.max(100, share(projected), share(used), stop ?? 0);
  const at = (pct) => `${(100 * pct) / full}%`;
  const piece = { position: "absolute", top: 0, left: 0, h: "full", borderRadius: "full", bg: barColor(verdict) };
  return h(
    Box,
    {
      position: "relative",
      h: 2,
      my: 3,
      bg: "bg.emphasized",
      borderRadius: "full",
      role: "meter",
      "aria-label": `${label}: ${write(used)} of ${write(contract)}`,
      "aria-valuenow": Math.round(share(used)),
      "aria-valuemin": 0,
      "aria-valuemax": Math.round(full),
      "aria-valuetext": `${percent(used, contract)}, ${VERDICTS[verdict]?.label ?? verdict}`,
    },
    h(Box, { ...piece, w: at(share(projected)), opacity: 0.45 }),
    h(Box, { ...piece, w: at(share(used)) }),
    warn && h(Mark, { left: at(warn), color: "warning.solid", title: `Warns at ${warn} %` }),
    stop && h(Mark, { left: at(stop), color: "failed.solid", title: `Stops runs at ${stop} %` }),
  );
}

// The outline keeps a mark apart from a bar of its colour.
const Mark = ({ left, color, title }) =>
  h(Box, { position: "absolute", left, top: "-4px", bottom: "-4px", w: "3px", ml: "-3px", bg: color, title, outline: "1.5px solid {colors.bg}" });
