// Sends a job to an endpoint with RunPod's JavaScript SDK, waits for it, and says what went wrong if it did.
//
// npm install runpod-sdk
// RUNPOD_API_KEY=… RUNPOD_ENDPOINT_ID=… node runpod_client.mjs runpod-console/process.json

import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import runpodSdk from "runpod-sdk";

const FINAL = ["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"];

/** Run one job and return its result; an Error's message is the worker's own sentence. */
async function run(endpoint, payload, withinMs = 600_000) {
  const { id } = await endpoint.run(payload, 30_000);
  const deadline = Date.now() + withinMs;
  for (let wait = 500; Date.now() < deadline; wait = Math.min(wait * 1.5, 5_000)) {
    const state = await endpoint.status(id, 30_000);
    if (FINAL.includes(state.status)) return resultOf(state);
    await pause(wait);
  }
  await endpoint.cancel(id);
  throw new Error(`${id} was not done within ${withinMs / 1000} s.`);
}

/** The worker's result from the last status of a job. */
function resultOf({ status, error, output }) {
  if (status === "COMPLETED" && output?.success) return output.result;
  const message = error ?? `The job ended as ${status}.`;
  throw new Error([message, output?.details?.hint].filter(Boolean).join(" "));
}

const { RUNPOD_API_KEY, RUNPOD_ENDPOINT_ID, RUNPOD_ENDPOINT_BASE_URL } = process.env;
const options = RUNPOD_ENDPOINT_BASE_URL ? { baseUrl: RUNPOD_ENDPOINT_BASE_URL } : undefined;
const endpoint = runpodSdk(RUNPOD_API_KEY, options).endpoint(RUNPOD_ENDPOINT_ID);

try {
  const payload = JSON.parse(await readFile(process.argv[2], "utf8"));
  console.log(JSON.stringify(await run(endpoint, payload), null, 2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
