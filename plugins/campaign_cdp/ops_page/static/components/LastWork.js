import { usePaths } from "../hooks/usePaths.js";
import { RUN_STATES, WINDOW_STATES } from "../states.js";
import { Chakra, h } from "../ui.js";
import { TextLink } from "./TextLink.js";
import { Time } from "./Time.js";

const { Box, Text } = Chakra;

/** The newest run or window of a feed: when, which, and what it failed of. */
export function LastWork({ feed: { last } }) {
  const paths = usePaths();
  if (!last) return h(Text, { as: "span", color: "fg.muted" }, "–");
  const isWindow = last.kind === "window";
  const look = (isWindow ? WINDOW_STATES : RUN_STATES)[last.state];
  const name = isWindow ? `Window ${last.id}` : `Run ${last.id}`;
  return h(
    Box,
    { whiteSpace: "nowrap" },
    h(Time, { at: last.at }),
    h(
      Text,
      { fontSize: "xs", color: "fg.muted" },
      h(TextLink, { to: isWindow ? paths.window(last.id) : paths.run(last.id) }, name),
      ` · ${(look?.label ?? last.state).toLowerCase()}`,
      last.error_code && ` · ${last.error_code}`,
    ),
  );
}
