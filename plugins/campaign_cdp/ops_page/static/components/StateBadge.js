import { words } from "../format.js";
import { Chakra, h } from "../ui.js";
import { Icon } from "./Icon.js";

/** A state in Airflow's colour for it. */
export function StateBadge({ state, of, ...style }) {
  const look = of[state] ?? { label: words(String(state)), palette: "none", icon: "dash" };
  return h(
    Chakra.Badge,
    {
      borderRadius: "full",
      colorPalette: look.palette,
      variant: "solid",
      fontSize: "xs",
      px: 2,
      py: 0.5,
      gap: 1,
      title: look.hint,
      "data-state": state,
      ...style,
    },
    h(Icon, { name: look.icon, boxSize: 3 }),
    look.label,
  );
}
