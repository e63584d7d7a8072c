import { useCallback, useEffect, useLocation, useState } from "../ui.js";

/**
 * Keep filters in the URL, so that they survive a reload and can be sent to a colleague.
 *
 * They are written past the router: Airflow mounts a plugin anew whenever the router moves, and a field that is being
 * typed into would lose the focus.
 *
 * @param defaults - name -> value that is left out of the URL.
 * @returns the values, and a function that changes some of them.
 */
export function useFilters(defaults) {
  const [values, setValues] = useState(() => read(defaults));
  const { key } = useLocation();
  useEffect(() => setValues(read(defaults)), [key]);
  const change = useCallback((changes, { push = false } = {}) => {
    write(changes, defaults, push);
    setValues(read(defaults));
  }, []);
  return [values, change];
}

function read(defaults) {
  const parameters = new URLSearchParams(window.location.search);
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, parameters.get(name) ?? value]));
}

function write(changes, defaults, push) {
  const url = new URL(window.location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (!value || value === defaults[name]) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  const { state } = window.history;
  // The router counts its entries in `idx`, by which it tells back from forth.
  if (push) window.history.pushState({ ...state, idx: (state?.idx ?? 0) + 1 }, "", url);
  else window.history.replaceState(state, "", url);
}
