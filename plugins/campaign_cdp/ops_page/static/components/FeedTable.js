import { duration, number } from "../format.js";
import { usePaths } from "../hooks/usePaths.js";
import { FEED_STATES, isExport, nothingNext } from "../states.js";
import { Chakra, h } from "../ui.js";
import { DataTable } from "./DataTable.js";
import { Icon } from "./Icon.js";
import { LastWork } from "./LastWork.js";
import { Sparkline } from "./Sparkline.js";
import { StateBadge } from "./StateBadge.js";
import { TextLink } from "./TextLink.js";
import { Time } from "./Time.js";

const { Box, Flex, Text } = Chakra;

const COLUMNS = [
  { key: "state", label: "State", sort: "state", cell: ({ state }) => h(StateBadge, { state, of: FEED_STATES }) },
  { key: "feed", label: "Feed", sort: "feed", cell: (feed) => h(FeedName, { feed }), maxW: "320px" },
  { key: "zone", label: "Landing zone", from: "xl", cell: (feed) => h(Zone, { feed }), maxW: "260px" },
  { key: "at", label: "Last", sort: "at", cell: (feed) => h(LastWork, { feed }) },
  { key: "lag", label: "Lag", sort: "lag", align: "end", cell: (feed) => duration(feed.lag_seconds), hint: "Age of the newest data on the other side" },
  { key: "rows", label: "Rows, 7 d", sort: "rows", align: "end", cell: (feed) => number(feed.direction && feed.rows_7d) },
  { key: "rejects", label: "Rejects, 7 d", sort: "rejects", align: "end", cell: (feed) => h(Rejects, { feed }) },
  { key: "trend", label: "30 days", from: "lg", cell: (feed) => feed.trend?.length > 0 && h(Sparkline, { trend: feed.trend }) },
  { key: "next", label: "Next expected", sort: "next", cell: (feed) => h(Time, { at: feed.next_expected, empty: nothingNext(feed) }) },
];

/** One feed per row. */
export const FeedTable = ({ feeds, sort, onSort }) =>
  h(DataTable, { label: "Feeds", columns: COLUMNS, rows: feeds, rowKey: "feed", sort, onSort, maxH: "none" });

function FeedName({ feed }) {
  const paths = usePaths();
  const direction = isExport(feed) ? ["events", "Events out, to AEP"] : ["audience", "Audience in, from AEP"];
  return h(
    Flex,
    { gap: 2, align: "flex-start", minW: "140px" },
    feed.direction
      ? h(Icon, { name: direction[0], label: direction[1], mt: 0.5, color: "fg.muted" })
      : h(Icon, { name: "alert", mt: 0.5, color: "fg.error" }),
    h(
      Box,
      { minW: 0 },
      h(TextLink, { to: paths.feed(feed.feed) }, feed.feed),
      h(
        Text,
        { fontSize: "xs", color: feed.problem ? "fg.error" : "fg.muted", lineClamp: feed.problem ? 2 : 1, title: feed.problem ?? feed.description, overflowWrap: "anywhere" },
        feed.problem ?? feed.description,
      ),
    ),
  );
}

const Zone = ({ feed: { zone } }) =>
  zone &&
  h(
    Box,
    { minW: 0, fontSize: "xs" },
    h(Text, { truncate: true, title: zone.url }, withoutPrefix(zone)),
    h(Text, { truncate: true, color: "fg.muted", title: zone.prefix }, zone.prefix),
  );

const Rejects = ({ feed: { direction, rejects_7d: rejects } }) =>
  h(Text, { as: "span", color: rejects ? "fg.error" : undefined, fontWeight: rejects ? "medium" : undefined }, number(direction && rejects));

const withoutPrefix = ({ url, prefix }) => (prefix && url.endsWith(`/${prefix}`) ? url.slice(0, -prefix.length - 1) : url);
