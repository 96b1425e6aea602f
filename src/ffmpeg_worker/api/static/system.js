// The state of the worker: capabilities, sandbox, queue, workers, GPU and metrics.

import { getJson, send } from "./api.js";
import { h, replace } from "./dom.js";
import { bytes, facts, seconds, status } from "./format.js";
import { problemBox } from "./problem.js";

const POLL_MS = 5000;

export async function show(main, route, cleanup) {
  const tiles = h("div", { class: "tiles" });
  const trouble = h("div");
  replace(main, h("div", { class: "head" }, h("h1", null, "System")), trouble, tiles);
  let timer = null;
  cleanup.add(() => clearTimeout(timer));

  async function load() {
    clearTimeout(timer);
    try {
      const [health, metrics] = await Promise.all([readHealth(cleanup.signal), readMetrics(cleanup.signal)]);
      if (cleanup.isOver) return;
      replace(trouble);
      replace(tiles, workerTile(health), sandboxTile(health), queueTile(health.queue), gpuTile(health), buildTile(health), jobsTile(metrics), processTile(metrics));
    } catch (error) {
      if (cleanup.isOver || error.status === 401) return;
      replace(trouble, problemBox(error));
    }
    if (!cleanup.isOver) timer = setTimeout(() => document.hidden || load(), POLL_MS);
  }

  document.addEventListener("visibilitychange", () => !document.hidden && load(), { signal: cleanup.signal });
  await load();
}

// A worker that closes answers 503, with its report.
async function readHealth(signal) {
  try {
    return await getJson("health", { signal });
  } catch (error) {
    if (error.details?.status === "closing") return error.details;
    throw error;
  }
}

function tile(title, ...content) {
  return h("section", { class: "card" }, h("h2", null, title), content);
}

function workerTile(health) {
  return tile("Worker", facts([
    ["State", h("span", { class: `status ${health.status === "ok" ? "succeeded" : "failed"}` }, health.status)],
    ["Version", health.version], ["Running for", seconds(health.uptime_seconds)],
    ["Jobs now", `${health.active_jobs} of ${health.max_concurrency}`],
    ["Compositions", health.canvas.available ? "available" : `missing: ${health.canvas.missing.join(", ")}`],
  ]));
}

const LEVELS = {
  full: "FFmpeg sees the files of its job only, and no network.",
  degraded: "The kernel confines FFmpeg only in part.",
  off: "FFmpeg is not confined. Accept jobs only from people that you trust.",
};

function sandboxTile({ sandbox }) {
  const kind = { full: "succeeded", degraded: "queued", off: "failed" }[sandbox.level] ?? "";
  return tile("Sandbox", facts([
    ["Level", h("span", { class: `status ${kind}` }, sandbox.level)], ["Landlock", sandbox.landlock_abi ? `ABI ${sandbox.landlock_abi}` : null],
  ]), h("p", { class: "muted small" }, LEVELS[sandbox.level] ?? ""));
}

function queueTile(queue) {
  const meaning = { off: "The queue is switched off: this page cannot send jobs.", unused: "No job has been queued yet.", unavailable: "The database does not answer." };
  if (queue.state !== "on") return tile("Queue", facts([["State", queue.state]]), h("p", { class: "muted small" }, meaning[queue.state] ?? ""));
  return tile("Queue", facts([
    ["Database", queue.database], ["Workers", queue.workers], ["Places", `${queue.slots}, ${queue.running_here} used here`],
    ["Longest wait", seconds(queue.oldest_waiting_seconds)],
  ]), h("p", { class: "row" }, Object.entries(queue.jobs).filter(([, count]) => count).map(([name, count]) => h("span", null, status(name), ` ${count}`))));
}

function gpuTile({ gpu }) {
  if (!gpu) return tile("GPU", h("p", { class: "muted" }, "Being tested…"));
  if (!gpu.count) return tile("GPU", h("p", { class: "muted" }, gpu.reason ?? "None."));
  return tile("GPU", facts([["Model", gpu.name], ["Count", gpu.count], ["Reason", gpu.reason]]), chips(gpu.encoders), chips(gpu.decoders));
}

function buildTile({ ffmpeg, probe, capabilities }) {
  const { main_encoders: encoders, hwaccels, ...counts } = capabilities;
  return tile("FFmpeg", facts([
    ["Version", ffmpeg.version], ["Build", ffmpeg.source], ["Probe", probe],
    ["It has", Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ")],
  ]), h("h3", null, "Main encoders"), chips(encoders), hwaccels.length > 0 && [h("h3", null, "Hardware acceleration"), chips(hwaccels)]);
}

function chips(names) {
  return h("p", { class: "chips" }, names.map((name) => h("span", { class: "chip" }, name)));
}

async function readMetrics(signal) {
  const text = await (await send("metrics", { signal })).text();
  return text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    return { name, labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text])), value: Number(value) };
  });
}

function jobsTile(metrics) {
  const ended = metrics.filter((one) => one.name === "ffmpeg_worker_jobs_total");
  if (!ended.length) return tile("Jobs since the start", h("p", { class: "muted" }, "None yet."));
  return tile("Jobs since the start", h(
    "table", null,
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "Action"), h("th", { scope: "col" }, "Outcome"), h("th", { scope: "col", class: "number" }, "Count"))),
    h("tbody", null, ended.map(({ labels, value }) => h("tr", null, h("td", null, labels.action), h("td", null, labels.outcome), h("td", { class: "number" }, value)))),
  ));
}

function processTile(metrics) {
  const value = (name, labels = {}) => metrics.find((one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text))?.value;
  const memory = value("process_resident_memory_bytes");
  const cpu = value("process_cpu_seconds_total");
  return tile("Process", facts([
    ["Memory", memory && bytes(memory)], ["CPU time", cpu && seconds(cpu)], ["Open files", value("process_open_fds")],
    ["Read", bytes(value("ffmpeg_worker_media_bytes_total", { direction: "in" }) ?? 0)],
    ["Written", bytes(value("ffmpeg_worker_media_bytes_total", { direction: "out" }) ?? 0)],
  ]), h("p", { class: "small" }, "Prometheus reads all metrics at ", h("span", { class: "mono" }, "/metrics"), "."));
}
