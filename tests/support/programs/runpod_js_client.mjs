// Calls every method of RunPod's JavaScript SDK: node runpod_js_client.mjs BASE_URL KEY; prints JSON.

import runpodSdk from "runpod-sdk";

const [baseUrl, key] = process.argv.slice(2);
const endpoint = runpodSdk(key, { baseUrl }).endpoint("any-id");
const task = (chainCmds) => ({ input: { action: "process", data: { chainCmds } } });
const SHORT = task("ffmpeg -f lavfi -i testsrc2=size=64x64:duration=0.2 -c:v libx264 js.mp4");
const SLOW = task("ffmpeg -re -f lavfi -i testsrc2=size=64x64:rate=5:duration=3 -c:v mpeg4 slow.mkv");
const ENDLESS = task("ffmpeg -re -f lavfi -i testsrc2=size=64x64:rate=5 -c:v mpeg4 endless.mkv");
const within = 10_000;
const found = {};

const done = await endpoint.runSync(SHORT, 60_000);
found.runSync = [done.status, done.completed, done.succeeded, done.output.result.outputs[0].name];
const failed = await endpoint.runSync({ input: { action: "probe", data: { input: "none.mp4" } } }, 60_000);
found.failed = [failed.status, failed.succeeded, failed.error, failed.output.details.code];
const invalid = await endpoint.runSync({ input: { action: "proces", data: {} } }, 60_000);
found.invalid = [invalid.status, invalid.error];

const slow = await endpoint.run(SLOW, within);
found.run = slow.status;
const seen = [];
for await (const { output } of endpoint.stream(slow.id)) seen.push(output.progress.stage);
found.stream = seen.includes("running");
const status = await endpoint.statusSync(slow.id, 60_000);
found.statusSync = [status.status, status.completed, typeof status.delayTime, typeof status.executionTime];

const endless = await endpoint.run({ ...ENDLESS, policy: { executionTimeout: 600_000, ttl: 600_000 } }, within);
while ((await endpoint.status(endless.id, within)).status !== "IN_PROGRESS");
const waiting = await endpoint.run({ ...SHORT, policy: { lowPriority: true } }, within);
const { jobs, workers } = await endpoint.health(within);
found.health = [jobs.completed, jobs.failed, jobs.inProgress, jobs.inQueue, workers.running, workers.idle];
found.purgeQueue = await endpoint.purgeQueue(within);
found.cancel = (await endpoint.cancel(endless.id, within)).status;
found.states = [];
for (const { id } of [waiting, endless]) found.states.push((await endpoint.status(id, within)).status);

const stranger = runpodSdk("not-a-key", { baseUrl }).endpoint("any-id");
found.stranger = await stranger.run(SHORT, within).catch((error) => error.response.status);
found.unknown = await endpoint.status("none", within).catch((error) => error.response.data.error);
console.log(JSON.stringify(found));
