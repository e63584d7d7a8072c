import { apiUrl } from "../api.js";
import { useQuery } from "../hooks/useQuery.js";
import { minute, relative, words } from "../format.js";
import { Chakra, h } from "../ui.js";
import { Facts } from "./Facts.js";
import { QueryProblem } from "./Problem.js";
import { Section } from "./Section.js";

/** How far each log of a feed is exported. */
export function Watermarks({ feed }) {
  const query = useQuery(apiUrl(`feeds/${encodeURIComponent(feed)}/watermarks`));
  const marks = query.data?.watermarks ?? [];
  return h(
    Section,
    { title: "Watermarks", note: "Events that changed before these times are with AEP." },
    h(QueryProblem, { query, what: "The watermarks" }),
    query.isLoading && !query.data && h(Chakra.Skeleton, { h: 10 }),
    query.data && !marks.length && h(Chakra.Text, { color: "fg.muted", fontSize: "sm" }, "None yet: no window was exported."),
    h(Facts, {
      facts: marks.map(({ log, value, floor }) => [
        words(log),
        h(
          Chakra.Text,
          { title: floor ? `Nothing from before ${minute(floor)} UTC is looked at again` : undefined, fontVariantNumeric: "tabular-nums" },
          `${minute(value)} `,
          h(Chakra.Text, { as: "span", color: "fg.muted" }, `UTC, ${relative(value)}`),
        ),
      ]),
    }),
  );
}
