import { Chakra, h } from "../ui.js";
import { SelectBox } from "./SelectBox.js";

const { Field, Flex, Input } = Chakra;

/** Which runs or windows of a feed: by state, and by the days on which they began. */
export function ListFilters({ states, filters, onChange }) {
  const options = [["", "All states"], ...Object.entries(states).map(([state, { label }]) => [state, label])];
  const change = (name) => (value) => onChange({ [name]: value, after: "" });
  const isFiltered = filters.state || filters.since || filters.until;
  return h(
    Flex,
    { gap: 2, wrap: "wrap", align: "center" },
    isFiltered &&
      h(Chakra.Button, { size: "sm", variant: "ghost", onClick: () => onChange({ state: "", since: "", until: "", after: "" }) }, "Clear filters"),
    h(SelectBox, { label: "State", options, value: filters.state, onChange: change("state"), w: "150px" }),
    h(Day, { label: "From", value: filters.since, onChange: change("since") }),
    h(Day, { label: "Until", value: filters.until, onChange: change("until") }),
  );
}

const Day = ({ label, value, onChange }) =>
  h(
    Field.Root,
    { orientation: "horizontal", w: "auto", gap: 2, css: { "--field-label-width": "auto" } },
    h(Field.Label, { fontSize: "sm", color: "fg.muted" }, label),
    h(Input, { type: "date", size: "sm", w: "150px", value, onChange: (event) => onChange(event.target.value) }),
  );

const DAY_MS = 86_400_000;

/** Return what the API takes: the day until which is the last one that counts. */
export const asParameters = ({ state, since, until, after }) => ({
  state,
  since: since && `${since}T00:00:00Z`,
  until: until && new Date(Date.parse(`${until}T00:00:00Z`) + DAY_MS).toISOString(),
  after,
  limit: 25,
});
