import { FEED_STATES } from "../states.js";
import { Chakra, h } from "../ui.js";
import { Choice } from "./Choice.js";
import { Icon } from "./Icon.js";
import { SearchBox } from "./SearchBox.js";

const DIRECTIONS = [
  ["", "All"],
  ["audience_import", "Audiences in"],
  ["event_export", "Events out"],
];

/** A text, a direction, and how many feeds are in each state. */
export const FeedFilters = ({ feeds, filters, onChange }) =>
  h(
    Chakra.Flex,
    { gap: 2, wrap: "wrap", mb: 3, role: "search", "aria-label": "Filter feeds" },
    h(SearchBox, { label: "Search feeds", value: filters.q, onChange: (q) => onChange({ q }) }),
    h(Choice, { label: "Direction", options: DIRECTIONS, value: filters.direction, onChange: (direction) => onChange({ direction }) }),
    h(StateChips, { feeds, value: filters.state, onChange: (state) => onChange({ state }) }),
  );

function StateChips({ feeds, value, onChange }) {
  const counts = new Map();
  for (const { state } of feeds) counts.set(state, (counts.get(state) ?? 0) + 1);
  const shown = Object.keys(FEED_STATES).filter((state) => counts.has(state) || state === value);
  return h(
    Chakra.HStack,
    { gap: 1, wrap: "wrap", role: "group", "aria-label": "State" },
    shown.map((state) => h(StateChip, { key: state, state, count: counts.get(state) ?? 0, isOn: state === value, onChange })),
  );
}

function StateChip({ state, count, isOn, onChange }) {
  const { icon, label, palette } = FEED_STATES[state];
  return h(
    Chakra.Button,
    {
      size: "sm",
      variant: isOn ? "solid" : "outline",
      colorPalette: "brand",
      px: 2,
      "aria-pressed": isOn,
      onClick: () => onChange(isOn ? "" : state),
    },
    h(
      Chakra.Badge,
      { colorPalette: palette, variant: "solid", borderRadius: "full", gap: 1, px: 2 },
      h(Icon, { name: icon, boxSize: 3 }),
      count,
    ),
    label,
  );
}
