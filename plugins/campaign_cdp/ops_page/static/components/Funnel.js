import { number, percent } from "../format.js";
import { Chakra, h } from "../ui.js";
import { Icon } from "./Icon.js";

const { Box, Flex, Grid, Text } = Chakra;

// What happens to the lines of a file set, stage by stage; each measure is a share of the stage's `of`.
const STAGES = [
  {
    title: "Lines in the files",
    of: "lines",
    measures: [
      ["loaded", "Loaded", "info.solid"],
      ["rejected", "Rejected", "failed.solid"],
      ["duplicates", "Duplicates", "queued.solid"],
    ],
  },
  {
    title: "Recipients",
    of: "distinct",
    measures: [
      ["inserted", "Inserted", "success.solid"],
      ["updated", "Updated", "info.solid"],
      ["unchanged", "Unchanged", "none.solid"],
      ["unmatched", "Unmatched", "warning.solid"],
      ["ambiguous", "Ambiguous", "failed.solid"],
    ],
  },
  {
    title: "List",
    of: "distinct",
    measures: [
      ["list_added", "Added", "success.solid"],
      ["list_removed", "Removed", "skipped.solid"],
    ],
  },
];

/** Where the lines of a run went, from the files to the list. */
export function Funnel({ counts }) {
  const stages = STAGES.filter(({ measures }) => measures.some(([key]) => key in counts));
  return h(
    Flex,
    { gap: 2, align: "stretch", direction: { base: "column", lg: "row" }, "data-testid": "funnel" },
    stages.flatMap((stage, index) => [
      index > 0 &&
        h(Flex, { key: `to ${stage.title}`, align: "center", display: { base: "none", lg: "flex" }, color: "fg.muted" }, h(Icon, { name: "arrowRight" })),
      h(Stage, { key: stage.title, stage, counts }),
    ]),
  );
}

function Stage({ stage, counts }) {
  const { measures, of, title } = stage;
  const whole = counts[of];
  const isWhole = title !== "List";
  return h(
    Box,
    { flex: 1, minW: 0, borderWidth: 1, borderRadius: "md", overflow: "hidden" },
    h(
      Flex,
      { bg: "bg.muted", px: 3, py: 2, justify: "space-between", align: "baseline" },
      h(Text, { fontWeight: "bold", fontSize: "sm" }, title),
      isWhole && h(Text, { fontWeight: "bold", fontVariantNumeric: "tabular-nums" }, number(whole)),
    ),
    h(
      Grid,
      { as: "dl", templateColumns: "auto 1fr auto auto", columnGap: 3, rowGap: 2, p: 3, fontSize: "sm", alignItems: "center" },
      measures
        .filter(([key]) => key in counts)
        .flatMap(([key, label, color]) => [
          h(Text, { as: "dt", key: `${key} label` }, label),
          h(Share, { key: `${key} bar`, share: whole ? counts[key] / whole : 0, color }),
          h(Text, { as: "dd", key, textAlign: "end", fontVariantNumeric: "tabular-nums", "data-count": key }, number(counts[key])),
          h(Text, { as: "dd", key: `${key} share`, textAlign: "end", color: "fg.muted", fontSize: "xs", minW: "52px" }, percent(counts[key], whole)),
        ]),
    ),
  );
}

const Share = ({ share, color }) =>
  h(
    Box,
    { h: 2, bg: "bg.emphasized", borderRadius: "full", overflow: "hidden", "aria-hidden": true },
    h(Box, { h: "full", w: `${Math.min(100, share * 100)}%`, minW: share > 0 ? "2px" : 0, bg: color, borderRadius: "full" }),
  );
