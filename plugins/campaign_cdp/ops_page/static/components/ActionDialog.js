import { ApiError } from "../api.js";
import { usePaths } from "../hooks/usePaths.js";
import { useHold } from "../refresh.js";
import { toaster } from "../toaster.js";
import { Chakra, Fragment, h, useRef, useState } from "../ui.js";
import { Problem } from "./Problem.js";
import { TextLink } from "./TextLink.js";

const { Button, Dialog, Portal } = Chakra;

/**
 * Asks before something is done, says what will happen, and reports how it went.
 *
 * @param send - does it; returns the answer of the API.
 * @param dagId - whose Dag run it starts, for the link in the report.
 * @param children - what will happen, in numbers; fields go here, too.
 */
export function ActionDialog({ title, confirm, palette = "brand", done, dagId, send, onClose, onDone, children, isReady = true }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const button = useRef(null);
  useHold(true);
  const submit = async (event) => {
    event.preventDefault();
    if (isBusy || !isReady) return;
    setBusy(true);
    setError(null);
    try {
      const answer = await send();
      report(done, dagId, answer);
      onClose();
      onDone?.();
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
      setBusy(false);
    }
  };
  return h(
    Dialog.Root,
    { open: true, onOpenChange: ({ open }) => open || onClose(), initialFocusEl: () => button.current, role: "alertdialog" },
    h(
      Portal,
      null,
      h(Dialog.Backdrop),
      h(
        Dialog.Positioner,
        null,
        h(
          Dialog.Content,
          { asChild: true, maxW: "560px" },
          h(
            "form",
            { onSubmit: submit, noValidate: true },
            h(Dialog.Header, null, h(Dialog.Title, null, title)),
            h(
              Dialog.Body,
              { display: "flex", flexDirection: "column", gap: 3 },
              children,
              error && h(Refusal, { error }),
            ),
            h(
              Dialog.Footer,
              null,
              h(Button, { variant: "outline", onClick: onClose }, "Cancel"),
              h(Button, { type: "submit", ref: button, colorPalette: palette, loading: isBusy, disabled: !isReady }, confirm),
            ),
          ),
        ),
      ),
    ),
  );
}

function Refusal({ error }) {
  const isForbidden = error.status === 403;
  return h(
    "div",
    { role: "alert" },
    h(Problem, {
      code: error.code,
      message: isForbidden ? "You may not edit this Dag. Nothing was done." : error.message,
      nextStep: error.nextStep,
    }),
  );
}

function report(title, dagId, answer) {
  const description = answer.dag_run_id && dagId ? h(DagRunLink, { dagId, runId: answer.dag_run_id, isPaused: answer.paused }) : answer.message;
  toaster.create({ type: answer.paused ? "warning" : "success", title, description, duration: 10_000, closable: true });
}

function DagRunLink({ dagId, runId, isPaused }) {
  const paths = usePaths();
  return h(
    Fragment,
    null,
    isPaused && "The Dag is paused, so the run waits until somebody unpauses it. ",
    h(TextLink, { to: paths.dagRun(dagId, runId), color: "inherit", textDecoration: "underline" }, `Open Dag run ${runId}`),
  );
}
