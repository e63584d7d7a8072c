// When pages fetch again by themselves: every 15 s, but not behind a dialog or in a hidden tab.
import { useEffect } from "./ui.js";

export const REFRESH_MS = 15_000;

let holds = 0;

export const isOnHold = () => holds > 0 || document.visibilityState !== "visible";

/** Keep what is on the screen as it is while `active`. */
export function useHold(active) {
  useEffect(() => {
    if (!active) return undefined;
    holds += 1;
    return () => {
      holds -= 1;
    };
  }, [active]);
}
