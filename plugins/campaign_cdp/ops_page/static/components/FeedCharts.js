import { apiUrl } from "../api.js";
import { useQuery } from "../hooks/useQuery.js";
import { day, duration, number, shortDuration, shortNumber } from "../format.js";
import { isExport } from "../states.js";
import { Chakra, h, useMemo, useState } from "../ui.js";
import { Chart } from "./Chart.js";
import { Choice } from "./Choice.js";
import { DataTable } from "./DataTable.js";
import { Icon } from "./Icon.js";
import { QueryProblem } from "./Problem.js";
import { Section } from "./Section.js";

const MEASURES = [
  { key: "rows", title: "Rows", kind: "bars", color: "info.solid", write: number, axis: shortNumber },
  { key: "rejected", title: "Rejects", kind: "bars", color: "failed.solid", write: number, axis: shortNumber },
  { key: "lag_seconds", title: "Lag", kind: "line", color: "warning.solid", write: duration, axis: shortDuration },
  { key: "seconds", title: "Duration", kind: "line", color: "brand.solid", write: duration, axis: shortDuration },
];
const SPANS = [
  ["30", "30 days"],
  ["90", "90 days"],
];

/** Rows, rejects, lag and duration by day, as charts or as one table. */
export function FeedCharts({ feed, days, onDays }) {
  const query = useQuery(apiUrl(`feeds/${encodeURIComponent(feed.feed)}/charts`, { days }));
  const measures = isExport(feed) ? MEASURES.filter(({ key }) => key !== "rejected") : MEASURES;
  const [asTable, setAsTable] = useState(false);
  const controls = h(
    Chakra.HStack,
    { gap: 2 },
    h(Choice, { label: "Days in the charts", options: SPANS, value: days, onChange: onDays }),
    h(
      Chakra.Button,
      { size: "sm", variant: "outline", "aria-pressed": asTable, onClick: () => setAsTable(!asTable) },
      h(Icon, { name: asTable ? "pulse" : "columns" }),
      asTable ? "Show charts" : "Show as table",
    ),
  );
  return h(
    Section,
    { title: "By day", controls },
    h(QueryProblem, { query, what: "The charts" }),
    query.isLoading && !query.data && h(Chakra.Skeleton, { h: "152px" }),
    query.data && h(asTable ? DaysTable : Charts, { days: query.data.days, measures }),
  );
}

function Charts({ days, measures }) {
  const [active, setActive] = useState(null);
  const series = useMemo(
    () => measures.map(({ key }) => days.map((entry) => ({ day: entry.day, value: entry[key] }))),
    [days, measures.length],
  );
  return h(
    Chakra.SimpleGrid,
    { columns: { base: 2, xl: measures.length }, gap: 3 },
    measures.map(({ key, ...measure }, index) =>
      h(Chart, { key, ...measure, points: series[index], active, onActive: setActive }),
    ),
  );
}

const DaysTable = ({ days, measures }) =>
  h(DataTable, {
    label: "Measures by day",
    rows: days.toReversed(),
    rowKey: "day",
    maxH: "320px",
    columns: [
      { key: "day", label: "Day (UTC)", cell: (row) => day(row.day) },
      ...measures.map(({ key, title, write }) => ({ key, label: title, align: "end", cell: (row) => write(row[key]) })),
    ],
  });
