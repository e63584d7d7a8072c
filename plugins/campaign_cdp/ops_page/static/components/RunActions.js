import { Chakra, h } from "../ui.js";
import { ActionButton } from "./ActionButton.js";
import { ReleaseDialog } from "./ReleaseDialog.js";
import { ReplayDialog } from "./ReplayDialog.js";
import { SupersedeDialog } from "./SupersedeDialog.js";

/** What can be done about a run, by those who may: only what its state allows. */
export function RunActions({ run, rejected, onDone }) {
  if (!run.can_edit) return null;
  const isQuarantined = run.state === "quarantined";
  const isSkippable = ["open", "quarantined", "released", "abandoned"].includes(run.state) && !run.replay_of && !run.preview;
  const isReplayable = (run.state === "applied" || run.state === "ended") && rejected > 0 && !run.preview;
  return h(
    Chakra.HStack,
    { gap: 2, wrap: "wrap" },
    isSkippable &&
      h(ActionButton, { label: "Mark superseded", icon: "skip", dialog: SupersedeDialog, run, onDone }),
    isQuarantined &&
      h(ActionButton, { label: "Release quarantine", icon: "release", variant: "solid", dialog: ReleaseDialog, run, onDone }),
    isReplayable &&
      h(ActionButton, { label: "Replay rejects", icon: "refresh", variant: "solid", dialog: ReplayDialog, run, rejected, onDone }),
  );
}
