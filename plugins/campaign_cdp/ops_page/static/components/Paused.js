import { Chakra, h } from "../ui.js";

/** Says that Airflow does not start the Dag of a feed. */
export const Paused = ({ feed }) =>
  feed.paused &&
  h(Chakra.Badge, { variant: "outline", size: "xs", title: "The Dag is paused: its runs wait until somebody unpauses it." }, "Paused");
