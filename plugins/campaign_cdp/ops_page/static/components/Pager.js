import { Chakra, h } from "../ui.js";

/** Steps through a list that is paged by key: there is a next page, and a way back to the first. */
export const Pager = ({ after, next, onPage, first = "Newest", further = "Older" }) =>
  (after || next) &&
  h(
    Chakra.HStack,
    { as: "nav", "aria-label": "Pages", gap: 2, mt: 2, justify: "flex-end" },
    h(Chakra.Button, { size: "sm", variant: "outline", disabled: !after, onClick: () => onPage("") }, first),
    h(Chakra.Button, { size: "sm", variant: "outline", disabled: !next, onClick: () => onPage(next) }, further),
  );
