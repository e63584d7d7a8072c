import { post } from "../api.js";
import { count, minute, number } from "../format.js";
import { isExport } from "../states.js";
import { Chakra, h } from "../ui.js";
import { ActionDialog } from "./ActionDialog.js";

/** Starts a Dag run, or one that only counts. */
export function RunDialog({ feed, preview, onClose, onDone }) {
  const what = isExport(feed) ? exportText(feed, preview) : importText(feed, preview);
  return h(
    ActionDialog,
    {
      title: preview ? `Preview ${feed.feed}?` : `Run ${feed.feed} now?`,
      confirm: preview ? "Preview" : "Run now",
      done: preview ? "Preview started" : "Run started",
      dagId: feed.dag_id,
      send: () => post(`feeds/${encodeURIComponent(feed.feed)}/run`, { preview }),
      onClose,
      onDone,
    },
    what.map((text) => h(Chakra.Text, { key: text }, text)),
    feed.state === "running" && h(Chakra.Text, { color: "fg.warning" }, "A run is at work; this one waits until that has ended."),
  );
}

function importText(feed, preview) {
  const place = `The oldest complete file set in ${feed.zone.url} that was not applied yet`;
  return [
    preview ? `${place} is loaded and counted. Nothing is written to recipients or lists.` : `${place} is loaded and applied in one transaction.`,
    lastTime(feed, "lines"),
  ];
}

function exportText(feed, preview) {
  return [
    preview
      ? "The events since the watermark are counted. No file is written, and the watermark stays where it is."
      : `The events since the watermark are written to ${feed.zone.url}, where AEP picks them up; then the watermark advances.`,
    lastTime(feed, "events"),
  ];
}

function lastTime({ last }, noun) {
  if (!last) return `There was no run before, so the number of ${noun} isn't known.`;
  const rejected = last.rejected ? `, ${number(last.rejected)} of them rejected` : "";
  return `Last time (${minute(last.at)} UTC) there were ${count(last.rows ?? 0, noun.slice(0, -1))}${rejected}.`;
}
