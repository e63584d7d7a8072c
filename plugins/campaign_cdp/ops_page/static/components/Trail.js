import { Chakra, Fragment, h } from "../ui.js";
import { TextLink } from "./TextLink.js";

/** The way back: links to what this page belongs to. */
export const Trail = ({ steps, here }) =>
  h(
    Chakra.HStack,
    { as: "nav", "aria-label": "Breadcrumb", gap: 2, fontSize: "sm", mb: 1, wrap: "wrap" },
    steps.map(([text, to]) =>
      h(Fragment, { key: to }, h(TextLink, { to }, text), h(Chakra.Text, { color: "fg.muted", "aria-hidden": true }, "/")),
    ),
    h(Chakra.Text, { "aria-current": "page", color: "fg.muted" }, here),
  );
