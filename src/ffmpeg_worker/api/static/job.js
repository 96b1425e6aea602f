// The page of a job.

import { getJson, send } from "./api.js";
import { announce, h, replace } from "./dom.js";
import { followJob } from "./follow.js";
import { FINAL, duration, facts, progressBar, seconds, status, time } from "./format.js";
import { showInputs } from "./inputs.js";
import { followLog } from "./log.js";
import { showOutputs } from "./outputs.js";
import { showPlan } from "./plan.js";
import { problemBox } from "./problem.js";
import { showMeasurements, showMediaInformation } from "./results.js";
import { showVmaf } from "./vmaf.js";

const STAGES = ["queued", "fetching", "waiting", "running", "verifying", "delivering", "done"];

export async function show(main, route, cleanup) {
  replace(main, h("p", { class: "muted" }, "Loading…"));
  const first = await getJson(`api/jobs/${encodeURIComponent(route.id)}`, { signal: cleanup.signal });
  showJob(main, first, cleanup);
}

// Shows a job in an element and follows it; also used where a job was sent just now.
export function showJob(place, first, cleanup, { isEmbedded = false } = {}) {
  const id = first.id;
  const parts = {
    state: h("span"), buttons: h("span", { class: "end" }), progress: h("div"), error: h("div"), result: h("div"),
    outputs: h("div"), facts: h("div"), inputs: h("div"), plan: h("div"), log: h("div"),
  };
  const title = isEmbedded
    ? h("h2", null, h("a", { href: `#/jobs/${encodeURIComponent(id)}` }, first.action, " ", h("span", { class: "mono" }, id.slice(0, 8))))
    : h("h1", null, first.action, " ", h("span", { class: "mono muted" }, id));
  replace(
    place,
    !isEmbedded && h("p", { class: "small" }, h("a", { href: "#/jobs" }, "← Jobs")),
    h("div", { class: "head" }, title, parts.state, parts.buttons),
    h(
      "div", { class: "split" },
      h("div", { class: "stack" }, parts.error, parts.progress, parts.result, parts.outputs, parts.log),
      h("div", { class: "stack" }, parts.facts, parts.inputs, parts.plan),
    ),
  );
  let current = { status: null, revision: 0 };

  async function act(button, request) {
    button.disabled = true;
    try {
      const record = await request();
      takeRecord(record);
      if (!FINAL.has(record.status)) follow();
    } catch (problem) {
      replace(parts.error, problemBox(problem));
    } finally {
      button.disabled = false;
    }
  }

  function drawButtons(job) {
    const path = `api/jobs/${encodeURIComponent(id)}`;
    const cancel = h("button", { type: "button", class: "danger", onclick: () => act(cancel, () => getJson(path, { method: "DELETE" })) }, "Cancel");
    const retry = h("button", { type: "button", onclick: () => act(retry, () => getJson(`${path}/retry`, { method: "POST" })) }, "Run again");
    replace(parts.buttons, FINAL.has(job.status) ? retry : job.status !== "cancelling" && cancel);
  }

  function takeRecord(job) {
    const isNewState = job.status !== current.status;
    current = job;
    replace(parts.state, status(job.status));
    drawProgress(parts.progress, job);
    replace(parts.facts, jobFacts(job));
    if (!isNewState) return;
    announce(`The job is ${job.status}.`);
    drawButtons(job);
    replace(parts.error, job.error && problemBox(job.error));
    drawResult(parts, job, cleanup);
    if (job.status === "running" || FINAL.has(job.status)) followLog(parts.log, id, cleanup);
  }

  let following = null;
  async function follow() {
    following?.abort();
    const own = (following = new AbortController());
    cleanup.add(() => own.abort());
    try {
      await followJob(id, (record) => own.signal.aborted || takeRecord(record), own.signal);
      // Events leave large results out.
      if (!own.signal.aborted && current.status === "succeeded" && !current.result) {
        current.status = null;
        takeRecord(await getJson(`api/jobs/${encodeURIComponent(id)}`, { signal: own.signal }));
      }
    } catch (error) {
      if (!own.signal.aborted) replace(parts.error, problemBox(error));
    }
  }

  takeRecord(first);
  showPlans(parts, id, cleanup);
  if (!FINAL.has(first.status)) follow();
}

async function showPlans(parts, id, cleanup) {
  try {
    const plan = await getJson(`api/jobs/${encodeURIComponent(id)}/plan`, { signal: cleanup.signal });
    showInputs(parts.inputs, plan.inputs, cleanup);
    replace(parts.plan, h("section", { class: "card" }, h("h2", null, "Commands"), showPlan(plan)));
  } catch (error) {
    // The page is about the job, which may have been refused for what is wrong with it.
    if (error.name !== "AbortError") replace(parts.plan);
  }
}

function drawProgress(place, job) {
  if (FINAL.has(job.status)) return replace(place);
  const { stage = job.status === "queued" ? "queued" : "waiting", speed, fps, output, position } = job.progress ?? {};
  const now = job.status === "queued" ? 0 : STAGES.indexOf(stage);
  const details = [
    position && `place ${position} in the queue`, speed && `${speed.toFixed(2)}× speed`, fps && `${fps.toFixed(0)} fps`, output,
  ].filter(Boolean);
  replace(
    place,
    h(
      "section", { class: "card" },
      h("h2", { class: "hidden" }, "Progress"),
      progressBar(job),
      h("ol", { class: "stages" }, STAGES.slice(0, -1).map((name, index) => h(
        "li", { class: index < now ? "done" : index === now ? "now" : "", "aria-current": index === now ? "step" : null }, name,
      ))),
      details.length > 0 && h("p", { class: "muted small" }, details.join(" · ")),
    ),
  );
}

function jobFacts(job) {
  const stats = job.result?.stats ?? {};
  return h(
    "section", { class: "card" },
    h("h2", null, "Job"),
    facts([
      ["Action", job.action], ["Id", h("span", { class: "mono" }, job.id)], ["Sent", time(job.created_at)],
      ["Started", time(job.started_at)], ["Ended", time(job.ended_at)], ["Time", duration(job)],
      ["Attempts", job.attempts > 1 ? job.attempts : null], ["Repeated", job.retries], ["Priority", job.priority],
      ["Speed", stats.speed && `${stats.speed.toFixed(2)}×`], ["CPU time", stats.cpu_seconds && seconds(stats.cpu_seconds)],
      ["Frames", stats.frames],
      ["Part of", job.parent_id && h("a", { href: `#/jobs/${encodeURIComponent(job.parent_id)}` }, job.parent_id)],
      ...Object.entries(job.metadata ?? {}).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
    ]),
  );
}

function drawResult(parts, job, cleanup) {
  const result = job.result;
  replace(parts.result);
  replace(parts.outputs);
  if (!result) return;
  const warnings = result.warnings ?? [];
  parts.result.append(...warnings.map((text) => h("p", { class: "note" }, text)));
  if (job.action === "vmaf") showVmaf(parts.result, job, cleanup);
  if (job.action === "probe") showMediaInformation(parts.result, result);
  showMeasurements(parts.result, result);
  showOutputs(parts.outputs, job, cleanup);
}

export async function queueJob(job) {
  const response = await send("api/jobs", { method: "POST", json: job });
  return response.json();
}
