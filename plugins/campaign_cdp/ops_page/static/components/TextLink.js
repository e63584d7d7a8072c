import { Chakra, h, RouterLink } from "../ui.js";

const STYLE = { color: "fg.info", fontWeight: "medium", _hover: { textDecoration: "underline" }, borderRadius: "sm" };

/** A link within Airflow's UI. */
export function TextLink({ to, children, ...style }) {
  return h(Chakra.Link, { ...STYLE, ...style, asChild: true }, h(RouterLink, { to }, children));
}

/** A link to another site, or to a file. */
export function OuterLink({ href, children, download, ...style }) {
  const target = download === undefined ? { target: "_blank", rel: "noreferrer" } : { download };
  return h(Chakra.Link, { ...STYLE, ...style, href, ...target }, children);
}
