// Short messages after an action. Airflow's own toaster isn't shared with plugins.
import { Chakra } from "./ui.js";

export const toaster = Chakra.createToaster({ placement: "bottom-end", pauseOnPageIdle: true });
