// Requests to the worker. The API key is in the session's storage and in a header, never in an address.

const STORED_KEY = "ffmpeg-worker-key";
const LINK = /\/api\/(jobs\/[^/]+\/outputs|files)\/~.+$/;

export class Problem extends Error {
  constructor(details, status) {
    super(details.error ?? "The worker did not answer as expected.");
    this.details = details;
    this.status = status;
  }
}

export const key = {
  get: () => sessionStorage.getItem(STORED_KEY),
  set: (value) => sessionStorage.setItem(STORED_KEY, value),
  forget: () => sessionStorage.removeItem(STORED_KEY),
};

let onUnauthorized = () => {};
export function whenUnauthorized(callback) {
  onUnauthorized = callback;
}

export function address(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI.split("#")[0]).href;
}

export function keyHeaders() {
  const value = key.get();
  if (!value) return {};
  // Headers take bytes: a key with other characters is sent in UTF-8.
  return { Authorization: `Bearer ${String.fromCharCode(...new TextEncoder().encode(value))}` };
}

export async function send(path, { method = "GET", json, headers = {}, signal, body } = {}) {
  const content = json === undefined ? {} : { "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(address(path), {
      method,
      signal,
      cache: "no-store",
      credentials: "same-origin",
      headers: { ...keyHeaders(), ...content, ...headers },
      body: json === undefined ? body : JSON.stringify(json),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ error: "The worker cannot be reached.", hint: "Check that it runs, and the network.", retryable: true });
  }
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (response.status === 401) onUnauthorized();
  throw problem;
}

export async function getJson(path, options) {
  const response = await send(path, options);
  return response.status === 204 ? null : response.json();
}

export async function readProblem(response) {
  let details = {};
  try {
    details = await response.json();
  } catch {
    // A proxy answered with a page of its own.
  }
  if (!details.error) details = { error: `The answer was ${response.status} ${response.statusText}.`.replace(" .", ".") };
  return new Problem(details, response.status);
}

// The worker may write links with the name that others call it by; the dashboard asks where it was loaded from.
export function outputAddress(output) {
  if (!output.url) return null;
  const found = LINK.exec(output.url);
  return found ? address(found[0]) : output.url;
}

// The link to a file of the data root, or null where there is no such file.
export async function findFile(name, signal) {
  const { files } = await getJson(`api/files?limit=1&prefix=${encodeURIComponent(name)}`, { signal });
  return files[0]?.name === name ? files[0] : null;
}

export function isOwn(url) {
  return url.startsWith(address(""));
}

export function downloadAddress(url) {
  return isOwn(url) ? `${url}${url.includes("?") ? "&" : "?"}download=1` : url;
}
