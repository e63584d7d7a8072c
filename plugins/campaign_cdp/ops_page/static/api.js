// The only module that talks to the server.

// Relative to this file, so that a base path or a proxy in front of Airflow changes nothing.
const API = new URL(import.meta.url.replace(/\/static\/.*$/, "/api/"));

/** An answer that is not a success: what happened, and what to do next. */
export class ApiError extends Error {
  constructor({ status, code = null, message, nextStep = null }) {
    super(message);
    this.name = "ApiError";
    Object.assign(this, { status, code, nextStep });
  }
}

/** Return the address of a route; parameters that are empty are left out. */
export function apiUrl(path, parameters = {}) {
  const url = new URL(path, API);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
  }
  return url.href;
}

/** Return the text of an answer, so that callers can tell whether it changed without comparing objects. */
export async function fetchText(url, signal) {
  const response = await request(url, { signal, headers: { Accept: "application/json" } });
  return response.text();
}

/** Send an action and return its answer. */
export async function post(path, body = {}) {
  const response = await request(apiUrl(path), {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-Requested-With": "campaign-cdp" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return text ? JSON.parse(text) : {};
}

async function request(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({
      status: 0,
      message: "The API server does not answer.",
      nextStep: "Check the network, then try again.",
    });
  }
  if (response.status === 401) logIn();
  if (!response.ok) throw await asError(response);
  return response;
}

async function asError(response) {
  const body = await response.json().catch(() => ({}));
  const detail = typeof body.detail === "string" ? body.detail : null;
  return new ApiError({
    status: response.status,
    code: body.code ?? null,
    message: body.message ?? detail ?? `The API server answered ${response.status} ${response.statusText}.`,
    nextStep: body.next_step ?? DEFAULT_STEPS[response.status] ?? "Try again; if it stays, look at the API server's log.",
  });
}

const DEFAULT_STEPS = {
  403: "Ask an administrator of Airflow for the rights.",
  404: "It may have been removed from the ledger. Go back to the overview.",
};

// The same way back as the rest of the UI takes when a session ends.
function logIn() {
  const target = new URL("api/v2/auth/login", document.baseURI);
  target.searchParams.set("next", window.location.href);
  window.location.replace(target);
}
