import { post } from "../api.js";
import { Chakra, h } from "../ui.js";
import { ActionDialog } from "./ActionDialog.js";
import { files } from "./ReleaseDialog.js";

/** Gives a file set up for good. */
export const SupersedeDialog = ({ run, onClose, onDone }) =>
  h(
    ActionDialog,
    {
      title: `Mark run ${run.run_id} superseded?`,
      confirm: "Mark superseded",
      palette: "failed",
      done: `Run ${run.run_id} is superseded`,
      dagId: run.dag_id,
      send: () => post(`runs/${run.run_id}/supersede`),
      onClose,
      onDone,
    },
    h(
      Chakra.Text,
      null,
      `${files(run)} will never be applied, and no longer hold up later file sets of ${run.feed}. `,
      run.state === "open" && "If a Dag run is at work on it, that run fails. ",
      "This cannot be undone; the files themselves stay where they are.",
    ),
  );
