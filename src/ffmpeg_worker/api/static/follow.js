// Follows a job to its end: server-sent events, or questions where a proxy holds the events back.

import { getJson, send } from "./api.js";
import { FINAL } from "./format.js";

const FIRST_EVENT_MS = 4000;
const SILENCE_MS = 40_000;
const POLL_MS = 1500;

// Calls `onRecord` with every record of the job, and returns at its end.
export async function followJob(id, onRecord, signal) {
  const state = { revision: 0, isOver: false };
  const take = (record) => {
    if (record.revision >= state.revision) {
      state.revision = record.revision;
      state.isOver = FINAL.has(record.status);
      onRecord(record);
    }
  };
  while (!state.isOver && !signal.aborted) {
    const isStreaming = await readEvents(id, state, take, signal);
    if (state.isOver || signal.aborted) break;
    if (isStreaming) await pause(500, signal);
    else await poll(id, state, take, signal);
  }
}

// Reads events until they end; returns false where none arrive, as behind a proxy that collects the whole answer.
async function readEvents(id, state, take, signal) {
  const stream = new AbortController();
  const stop = () => stream.abort();
  signal.addEventListener("abort", stop, { once: true });
  let timer = setTimeout(stop, FIRST_EVENT_MS);
  let hasBegun = false;
  try {
    const response = await send(`api/jobs/${encodeURIComponent(id)}/events?after=${state.revision}`, {
      headers: { Accept: "text/event-stream" },
      signal: stream.signal,
    });
    if (response.status === 204) return false;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return hasBegun;
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE_MS);
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const event of events) {
        const record = readEvent(event);
        if (record) {
          hasBegun = true;
          take(record);
        }
      }
    }
  } catch (error) {
    if (error.details && error.status !== undefined && error.status !== 429) throw error;
    return hasBegun;
  } finally {
    clearTimeout(timer);
    stream.abort();
    signal.removeEventListener("abort", stop);
  }
}

function readEvent(text) {
  const lines = text.split("\n");
  const name = lines.find((line) => line.startsWith("event: "))?.slice(7);
  const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
  return data && name !== "problem" ? JSON.parse(data) : null;
}

async function poll(id, state, take, signal) {
  let failures = 0;
  while (!state.isOver && !signal.aborted) {
    try {
      take(await getJson(`api/jobs/${encodeURIComponent(id)}`, { signal }));
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (error.status === 401 || error.status === 404 || failures > 20) throw error;
    }
    if (!state.isOver) await pause(POLL_MS * Math.min(1 + failures, 6), signal);
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
