import { post } from "../api.js";
import { duration, number } from "../format.js";
import { Chakra, h, useState } from "../ui.js";
import { ActionDialog } from "./ActionDialog.js";

const { Checkbox, Field, Input, Text } = Chakra;
const DAY_MS = 86_400_000;
const asInput = (time) => new Date(time).toISOString().slice(0, 16);
const asTime = (value) => (value ? new Date(`${value}Z`) : null);

/** Exports a span of the past again. */
export function BackfillDialog({ feed, onClose, onDone }) {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const [from, setFrom] = useState(asInput(today - DAY_MS));
  const [to, setTo] = useState(asInput(today));
  const [preview, setPreview] = useState(true);
  const problem = problemOf(asTime(from), asTime(to));
  const body = () => ({ from: asTime(from).toISOString(), to: asTime(to).toISOString(), preview });
  return h(
    ActionDialog,
    {
      title: `Backfill a window of ${feed.feed}?`,
      confirm: preview ? "Preview backfill" : "Backfill",
      done: preview ? "Preview of the backfill started" : "Backfill started",
      dagId: feed.dag_id,
      send: () => post(`feeds/${encodeURIComponent(feed.feed)}/backfill`, body()),
      isReady: !problem,
      onClose,
      onDone,
    },
    h(Moment, { label: "From (UTC)", value: from, onChange: setFrom }),
    h(Moment, { label: "To (UTC), not part of it", value: to, onChange: setTo, problem }),
    h(
      Checkbox.Root,
      { checked: preview, onCheckedChange: ({ checked }) => setPreview(checked === true) },
      h(Checkbox.HiddenInput),
      h(Checkbox.Control),
      h(Checkbox.Label, null, "Preview: only count the events"),
    ),
    !problem && h(Text, null, effect(asTime(to) - asTime(from), feed, preview)),
  );
}

const Moment = ({ label, value, onChange, problem }) =>
  h(
    Field.Root,
    { required: true, invalid: Boolean(problem) },
    h(Field.Label, null, label),
    h(Input, { type: "datetime-local", value, max: asInput(Date.now()), onChange: (event) => onChange(event.target.value) }),
    h(Field.ErrorText, null, problem),
  );

function problemOf(from, to) {
  if (!from || !to) return "Give both ends of the window.";
  if (from >= to) return "The end has to be after the start.";
  return to.getTime() > Date.now() ? "The window has to be in the past." : null;
}

function effect(milliseconds, feed, preview) {
  const aDay = feed.rows_7d ? ` The feed had about ${number(feed.rows_7d / 7)} events a day in the last week.` : "";
  const what = preview ? "are counted; nothing is exported" : "are written as new files, also those that were exported before";
  return `Events that changed in this span of ${duration(milliseconds / 1000)} ${what}. The watermark does not move.${aDay}`;
}
