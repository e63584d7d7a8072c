import { useLocation } from "../ui.js";

const PAGE = "/plugin/sync-runs";

/** Return where the views are: below the page in the Browse menu, or below the tab of a Dag. */
export function usePaths() {
  const { pathname } = useLocation();
  const base = pathname.match(/^.*?\/plugin\/[^/]+/)?.[0] ?? PAGE;
  const isTab = base.startsWith("/dags/");
  return {
    isTab,
    overview: PAGE,
    feed: (feed) => (isTab ? base : `${PAGE}/feeds/${encodeURIComponent(feed)}`),
    run: (id) => `${base}/runs/${id}`,
    window: (id) => `${base}/windows/${id}`,
    dag: (dagId) => `/dags/${encodeURIComponent(dagId)}`,
    dagRun: (dagId, runId) => `/dags/${encodeURIComponent(dagId)}/runs/${encodeURIComponent(runId)}`,
  };
}
