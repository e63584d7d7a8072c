// What states are called and which of Airflow's own state colours they take.

/** Feeds, worst first: the order in which the overview lists them. */
export const FEED_STATES = {
  broken: { label: "Broken", palette: "failed", icon: "cross", hint: "The feed file has an error, so it has no Dag." },
  unknown: { label: "Unknown", palette: "upstream_failed", icon: "alert", hint: "Its Campaign database does not answer." },
  failed: { label: "Failed", palette: "failed", icon: "cross", hint: "The last run failed, or its files are in quarantine." },
  late: { label: "Late", palette: "up_for_retry", icon: "clock", hint: "Nothing came before the deadline of the feed." },
  warning: { label: "Warning", palette: "warning", icon: "alert", hint: "It ran, with something to look at." },
  running: { label: "Running", palette: "running", icon: "pulse", hint: "A run is at work." },
  never: { label: "Never ran", palette: "none", icon: "dash", hint: "No file set or window yet." },
  ok: { label: "OK", palette: "success", icon: "check", hint: "The last run ended well." },
};

export const RUN_STATES = {
  open: { label: "Running", palette: "running", icon: "pulse" },
  applied: { label: "Applied", palette: "success", icon: "check" },
  ended: { label: "Ended", palette: "success", icon: "check" },
  previewed: { label: "Previewed", palette: "scheduled", icon: "eye" },
  quarantined: { label: "Quarantined", palette: "failed", icon: "cross" },
  superseded: { label: "Superseded", palette: "skipped", icon: "skip" },
  released: { label: "Released", palette: "skipped", icon: "release" },
  abandoned: { label: "Abandoned", palette: "upstream_failed", icon: "alert" },
};

export const WINDOW_STATES = {
  planned: { label: "Planned", palette: "queued", icon: "clock" },
  staged: { label: "Staged", palette: "running", icon: "pulse" },
  publishing: { label: "Publishing", palette: "running", icon: "pulse" },
  published: { label: "Published", palette: "success", icon: "check" },
  done: { label: "Done", palette: "success", icon: "check" },
  previewed: { label: "Previewed", palette: "scheduled", icon: "eye" },
  abandoned: { label: "Abandoned", palette: "upstream_failed", icon: "alert" },
};

export const FILE_STATES = {
  ...RUN_STATES,
  ...WINDOW_STATES,
  seen: { label: "Seen", palette: "queued", icon: "clock" },
  loading: { label: "Loading", palette: "running", icon: "pulse" },
  loaded: { label: "Loaded", palette: "running", icon: "pulse" },
  historised: { label: "Historised", palette: "none", icon: "check" },
};

export const VERDICTS = {
  ok: { label: "OK", palette: "success", icon: "check" },
  warn: { label: "Warning", palette: "warning", icon: "alert" },
  stop: { label: "Stops runs", palette: "failed", icon: "cross" },
};

const ORDER = Object.keys(FEED_STATES);

/** Return how bad a state is; the worst is 0. */
export const severity = (state) => (ORDER.includes(state) ? ORDER.indexOf(state) : ORDER.length);

/** Say why there is no next run to expect. */
export const nothingNext = (feed) => (feed.paused ? "paused" : "–");

export const isExport = (feed) => feed.direction === "event_export";
