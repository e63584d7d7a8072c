import { post } from "../api.js";
import { count } from "../format.js";
import { Chakra, h, useState } from "../ui.js";
import { ActionDialog } from "./ActionDialog.js";

const { Checkbox, Field, Input, Text } = Chakra;

/** Sends the rejected lines of a run through the pipeline again. */
export function ReplayDialog({ run, rejected, onClose, onDone }) {
  const [file, setFile] = useState("");
  const [acceptStale, setAcceptStale] = useState(false);
  const key = file.trim();
  const body = () => ({ ...(key && { file: key }), ...(acceptStale && { accept_stale: true }) });
  return h(
    ActionDialog,
    {
      title: `Replay the rejects of run ${run.run_id}?`,
      confirm: "Replay",
      done: "Replay started",
      dagId: run.dag_id,
      send: () => post(`runs/${run.run_id}/replay`, body()),
      onClose,
      onDone,
    },
    h(
      Text,
      null,
      key
        ? `The lines of ${key} take the place of the ${count(rejected, "rejected line")} of run ${run.run_id}: `
        : `${count(rejected, "rejected line")} of run ${run.run_id} will be read from its files again, with the feed as it is now: `,
      "checked, deduplicated and applied like any other, and each at most once. What is wrong still is rejected again.",
    ),
    h(
      Field.Root,
      null,
      h(Field.Label, null, "Corrected file (optional)"),
      h(Input, { value: file, placeholder: "Key of an object in the landing zone", onChange: (event) => setFile(event.target.value) }),
    ),
    h(
      Checkbox.Root,
      { checked: acceptStale, onCheckedChange: ({ checked }) => setAcceptStale(checked === true) },
      h(Checkbox.HiddenInput),
      h(Checkbox.Control),
      h(Checkbox.Label, null, "Also if a newer file set was applied since"),
    ),
  );
}
