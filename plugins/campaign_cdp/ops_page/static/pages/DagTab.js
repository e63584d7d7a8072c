import { Nothing } from "../components/Nothing.js";
import { h } from "../ui.js";
import { FeedPage } from "./FeedPage.js";

const DAG_OF_A_FEED = /^(?:audience_import|event_export)__(.+)$/;

/** The feed of a Dag, as a tab on the page of the Dag. */
export function DagTab({ dagId }) {
  const feed = dagId.match(DAG_OF_A_FEED)?.[1];
  if (feed) return h(FeedPage, { feed });
  return h(Nothing, { title: "This Dag is not one of a feed" }, "Feeds have Dags named audience_import__… and event_export__…");
}
