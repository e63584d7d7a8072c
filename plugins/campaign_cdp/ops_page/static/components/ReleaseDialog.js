import { post } from "../api.js";
import { bytes, count } from "../format.js";
import { Chakra, h } from "../ui.js";
import { ActionDialog } from "./ActionDialog.js";

/** Lets a file set out of quarantine. */
export const ReleaseDialog = ({ run, onClose, onDone }) =>
  h(
    ActionDialog,
    {
      title: `Release the file set of run ${run.run_id}?`,
      confirm: "Release",
      done: "Quarantine released",
      dagId: run.dag_id,
      send: () => post(`runs/${run.run_id}/release`),
      onClose,
      onDone,
    },
    h(
      Chakra.Text,
      null,
      `${files(run)} will be taken up again by the next run, from the first line on. `,
      "If they are broken still, they come back here.",
    ),
    run.error_code && h(Chakra.Text, { color: "fg.muted" }, `They are in quarantine because of ${run.error_code}.`),
  );

/** Say how many files a run has, and how large they are. */
export function files({ files: all = [] }) {
  const size = all.reduce((sum, file) => sum + file.size, 0);
  return `${count(all.length, "file")} (${bytes(size)})`;
}
