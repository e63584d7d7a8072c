import { useCallback, useSearchParams } from "../ui.js";

/**
 * Keep filters in the URL, so that they survive a reload and can be sent to a colleague.
 *
 * @param defaults - name -> value that is left out of the URL.
 * @returns the values, and a function that changes some of them.
 */
export function useFilters(defaults) {
  const [parameters, setParameters] = useSearchParams();
  const values = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, parameters.get(name) ?? value]),
  );
  const change = useCallback(
    (changes, { push = false } = {}) =>
      setParameters(
        () => {
          // Not what this was rendered with: changes that come in one go must not undo each other.
          const next = new URLSearchParams(window.location.search);
          for (const [name, value] of Object.entries(changes)) {
            if (!value || value === defaults[name]) next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: !push },
      ),
    [setParameters],
  );
  return [values, change];
}
