// Entry of the bundle: Airflow's UI imports this file and takes the component by the name that plugin.py gives it.
import { Toasts } from "./components/Toasts.js";
import { DagTab } from "./pages/DagTab.js";
import { FeedPage } from "./pages/FeedPage.js";
import { OverviewPage } from "./pages/OverviewPage.js";
import { RunPage } from "./pages/RunPage.js";
import { WindowPage } from "./pages/WindowPage.js";
import { Chakra, h, Route, Routes, useParams } from "./ui.js";

const withParams = (page) => () => h(page, useParams());
const [Feed, Run, Window] = [FeedPage, RunPage, WindowPage].map(withParams);

/** The Sync runs page; with the id of a Dag, the page of its feed. */
function SyncRuns({ dagId }) {
  return h(
    Chakra.Box,
    { p: 4, minW: "640px", color: "fg", "data-testid": "sync-runs" },
    h(
      Routes,
      null,
      h(Route, { index: true, element: dagId ? h(DagTab, { dagId }) : h(OverviewPage) }),
      h(Route, { path: "feeds/:feed", element: h(Feed) }),
      h(Route, { path: "runs/:id", element: h(Run) }),
      h(Route, { path: "windows/:id", element: h(Window) }),
      h(Route, { path: "*", element: h(OverviewPage) }),
    ),
    h(Toasts),
  );
}

globalThis["Sync runs"] = SyncRuns;
globalThis.AirflowPlugin = SyncRuns;
