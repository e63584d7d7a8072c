// Numbers and times as people read them. Everything is UTC; the ledger keeps no other time.

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const NOTHING = "–";

const isMissing = (value) => value === null || value === undefined;

export const number = (value) => (isMissing(value) ? NOTHING : WHOLE.format(value));
export const shortNumber = (value) => (isMissing(value) ? NOTHING : SHORT.format(value));

/** Write a count with its noun: `1 run`, `2 runs`. */
export const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

/** Write a share: `0.02 %`, and neither a zero nor a whole that is none. */
export function percent(part, whole) {
  if (isMissing(part) || !whole) return NOTHING;
  const share = (100 * part) / whole;
  if (share > 0 && share < 0.01) return "< 0.01 %";
  if (share < 100 && share >= 99.5) return `${Math.floor(share * 100) / 100} %`;
  return `${share >= 10 || Number.isInteger(share) ? WHOLE.format(share) : share.toFixed(2)} %`;
}

/** Write bytes in decimal units, as storage is sold. */
export function bytes(value) {
  if (isMissing(value)) return NOTHING;
  const units = ["bytes", "KB", "MB", "GB", "TB", "PB"];
  let [size, unit] = [value, 0];
  while (size >= 999.95 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return unit ? `${size.toFixed(1)} ${units[unit]}` : `${number(value)} bytes`;
}

/** Write seconds with their two largest units: `2 d 4 h`. */
export function duration(seconds) {
  if (isMissing(seconds)) return NOTHING;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const parts = [
    ["d", Math.floor(seconds / 86400)],
    ["h", Math.floor((seconds % 86400) / 3600)],
    ["min", Math.floor((seconds % 3600) / 60)],
    ["s", Math.floor(seconds % 60)],
  ];
  const first = parts.findIndex(([, amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) => `${amount} ${unit}`)
    .join(" ");
}

/** Write seconds with their largest unit: `2.2 d`. */
export function shortDuration(seconds) {
  if (isMissing(seconds)) return NOTHING;
  const [unit, size] = [["d", 86400], ["h", 3600], ["min", 60]].find(([, length]) => seconds >= length) ?? ["s", 1];
  const amount = seconds / size;
  return `${amount < 10 ? SHORT.format(amount) : WHOLE.format(amount)} ${unit}`;
}

const dayNumber = (at) => Math.floor(new Date(at).getTime() / 86_400_000);

/** Write a time as a distance from now: `3 hours ago`, `in 20 minutes`. */
export function relative(at, now = Date.now()) {
  if (isMissing(at)) return NOTHING;
  const seconds = (new Date(at).getTime() - now) / 1000;
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length * 0.995) ?? ["second", 1];
  if (unit === "second") return Math.abs(seconds) < 10 ? "just now" : RELATIVE.format(Math.round(seconds), unit);
  if (unit === "day") return RELATIVE.format(dayNumber(at) - dayNumber(now), unit); // yesterday begins at midnight
  return RELATIVE.format(Math.round(seconds / size), unit);
}

/** Write the exact time: `2026-11-24 06:00:00 UTC`. */
export const exact = (at) => (isMissing(at) ? NOTHING : `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`);

/** Write the exact time without seconds: `2026-11-24 06:00`. */
export const minute = (at) => (isMissing(at) ? NOTHING : new Date(at).toISOString().slice(0, 16).replace("T", " "));

/** Write a day of a chart: `24 Nov`. */
export const day = (at) => {
  const [month, date] = DAY.format(new Date(at)).split(" ");
  return `${date} ${month}`;
};

/** Write a name of the ledger as words: `list_added` -> `List added`. */
export const words = (name) => {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};
