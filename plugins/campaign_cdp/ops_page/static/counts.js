// The counts of a run, from whichever of its steps got that far.

/** Return the counts of an import under one set of names; what isn't known yet is left out. */
export function importCounts({ counts = {}, steps = [] }) {
  const step = (name) => steps.find((entry) => entry.step === name)?.counts ?? {};
  const plan = step("reconciliation");
  const known = { ...plan, duplicates: step("deduplication").duplicates, ...counts };
  const lines = known.rows ?? known.lines;
  const all = { ...known, lines };
  if (lines !== undefined && known.rejected !== undefined) {
    all.loaded = lines - known.rejected - (known.duplicates ?? 0);
    all.distinct = all.loaded;
  }
  if (!all.ambiguous) delete all.ambiguous;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== null));
}
