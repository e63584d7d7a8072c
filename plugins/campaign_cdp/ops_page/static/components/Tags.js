import { Chakra, Fragment, h } from "../ui.js";

/** What is special about a run or window. */
export const Tags = ({ work }) =>
  h(
    Fragment,
    null,
    [
      [work.preview, "Preview"],
      [work.replay_of, `Replay of ${work.replay_of}`],
      [work.backfill, "Backfill"],
    ]
      .filter(([applies]) => applies)
      .map(([, text]) => h(Chakra.Badge, { key: text, variant: "outline", size: "xs" }, text)),
  );
