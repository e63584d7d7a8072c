// Which feeds the overview shows, and in which order.
import { severity } from "./states.js";

const KEYS = {
  state: (feed) => -severity(feed.state),
  feed: (feed) => feed.feed,
  at: (feed) => feed.last?.at ?? null,
  lag: (feed) => feed.lag_seconds,
  rows: (feed) => feed.rows_7d,
  rejects: (feed) => feed.rejects_7d,
  next: (feed) => feed.next_expected,
};

/** Return the feeds that fit the filters, in the order asked for; equal ones by name, unknown values last. */
export function chosen(feeds, { q, state, direction, sort }) {
  const wanted = q.trim().toLowerCase();
  return feeds
    .filter((feed) => !state || feed.state === state)
    .filter((feed) => !direction || feed.direction === direction)
    .filter((feed) => !wanted || textOf(feed).includes(wanted))
    .toSorted(comparison(sort));
}

const textOf = (feed) =>
  [feed.feed, feed.description, feed.owner, feed.zone?.url, feed.zone?.prefix, feed.last?.error_code]
    .filter(Boolean)
    .join(" ")
    .toLowerCase();

function comparison(sort) {
  const falling = sort.startsWith("-");
  const name = falling ? sort.slice(1) : sort;
  const key = KEYS[name] ?? KEYS.state;
  // The state that is worst comes first unless somebody asks for the other way round.
  const turn = falling !== (name === "state" || !KEYS[name]) ? -1 : 1;
  return (one, other) => compare(key(one), key(other), turn) || compare(one.feed, other.feed, 1);
}

function compare(one, other, turn) {
  if (one === other) return 0;
  if (one === null || one === undefined) return 1;
  if (other === null || other === undefined) return -1;
  return one < other ? -turn : turn;
}
