import { fetchText } from "../api.js";
import { isOnHold, REFRESH_MS } from "../refresh.js";
import { useCallback, useEffect, useState } from "../ui.js";

// Airflow mounts the page anew at every change of the path, so what was seen last has to outlive it.
const seen = new Map();
const MOST_SEEN = 60;

function remember(url, text) {
  const answer = { url, text, data: JSON.parse(text), at: Date.now() };
  seen.delete(url);
  seen.set(url, answer);
  if (seen.size > MOST_SEEN) seen.delete(seen.keys().next().value);
  return answer;
}

// The same text keeps the same object, so nothing that depends on it is drawn again.
const merge = (old, url, text) =>
  old?.url === url && old.text === text ? { ...old, at: Date.now() } : remember(url, text);

/**
 * Fetch a route and keep it fresh.
 *
 * @param url - `null` fetches nothing.
 * @param live - fetch again every 15 s.
 * @returns `data` (of the last URL while the next one loads), `error` of the last attempt, `at`, `isLoading`, `reload`.
 */
export function useQuery(url, { live = true } = {}) {
  const [answer, setAnswer] = useState(() => seen.get(url));
  const [failure, setFailure] = useState(null);
  const [attempt, setAttempt] = useState(0);
  const reload = useCallback(() => setAttempt((count) => count + 1), []);

  useEffect(() => {
    if (!url) return undefined;
    const ended = new AbortController();
    let busy = false;
    const load = async () => {
      if (busy) return;
      busy = true;
      try {
        const text = await fetchText(url, ended.signal);
        if (ended.signal.aborted) return;
        setAnswer((old) => merge(old, url, text));
        setFailure(null);
      } catch (error) {
        if (error.name !== "AbortError") setFailure({ url, error });
      } finally {
        busy = false;
      }
    };
    if (seen.has(url)) setAnswer(seen.get(url));
    load();
    const refresh = () => isOnHold() || load();
    const timer = live ? setInterval(refresh, REFRESH_MS) : 0;
    if (live) document.addEventListener("visibilitychange", refresh);
    return () => {
      ended.abort();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", refresh);
    };
  }, [url, live, attempt]);

  const error = failure?.url === url ? failure.error : null;
  return { data: answer?.data, at: answer?.at, error, isLoading: Boolean(url) && answer?.url !== url && !error, reload };
}
