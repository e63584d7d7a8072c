// The counts of a run, from whichever of its steps got that far.

/** Return the counts of an import under one set of names; what isn't known yet is left out. */
export function importCounts({ counts = {}, steps = [], files = [] }) {
  const step = (name) => steps.find((entry) => entry.step === name)?.counts ?? {};
  const known = { ...ofFiles(files), ...step("reconciliation"), duplicates: step("deduplication").duplicates, ...counts };
  const lines = known.rows ?? known.lines;
  const all = { ...known, lines };
  if (lines !== undefined && known.rejected !== undefined) {
    all.loaded = lines - known.rejected - (known.duplicates ?? 0);
    all.distinct = all.loaded;
  }
  if (!all.ambiguous) delete all.ambiguous;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== null));
}

/** Add up what the parts say, which know of a run that stopped before it was counted as a whole. */
function ofFiles(files) {
  const loaded = files.filter(({ rows }) => rows !== null && rows !== undefined);
  if (!loaded.length) return {};
  const sum = (name) => loaded.reduce((total, file) => total + (file[name] ?? 0), 0);
  return { lines: sum("rows") + sum("rejected"), rejected: sum("rejected") };
}
