// Builds a job from a command, a preset or JSON; plans it and runs it.

import { address, getJson, keyHeaders } from "./api.js";
import { Cleanup, h, replace } from "./dom.js";
import { queueJob, showJob } from "./job.js";
import { showPlan } from "./plan.js";
import { makePresetForm } from "./preset-form.js";
import { problemBox } from "./problem.js";
import { listFiles, makeUploads } from "./uploads.js";

const STORED = "ffmpeg-worker-try";
const COMMAND = "ffmpeg -f lavfi -i testsrc2=size=1280x720:rate=30:duration=5 -pix_fmt yuv420p test.mp4";
const JOB = { action: "vmaf", data: { input1: "reference.mp4", input2: "distorted.mp4", output: "vmaf.json" } };

// What was typed stays while the tab is open.
const kept = readKept();

export async function show(main, route, cleanup) {
  const result = h("div", { id: "result" });
  const forms = { command: makeCommandForm(), preset: await makePresetForm(kept, cleanup.signal), json: makeJsonForm() };
  const names = { command: "Command", preset: "Preset", json: "JSON" };
  const panel = h("div", { role: "tabpanel", id: "panel", tabindex: "-1" });
  const tabs = h("div", { class: "segments", role: "tablist", "aria-label": "Kind of job" }, Object.entries(names).map(([name, label]) => h(
    "button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel", onclick: () => choose(name) }, label,
  )));
  const plan = h("button", { type: "button", onclick: () => act(planJob) }, "Plan");
  const run = h("button", { type: "submit", class: "main" }, "Run");
  const form = h(
    "form", { class: "card stack", onsubmit: (event) => (event.preventDefault(), act(runJob)) },
    tabs, panel,
    h("div", { class: "row middle" }, run, plan, h("span", { class: "muted small" }, "Plan shows what would run, and runs nothing.")),
  );
  const use = (name) => forms[kept.kind].use(name);
  const files = h("div");
  listFiles(files, use, cleanup.signal);
  const curl = h("pre", { class: "code-box" });
  let shownJob = null;
  cleanup.add(() => shownJob?.run());

  function choose(name) {
    kept.kind = name;
    keep();
    for (const tab of tabs.children) {
      const isChosen = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    replace(panel, forms[name].element);
  }

  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const all = [...tabs.children];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.click();
    next.focus();
  });

  async function act(work) {
    run.disabled = plan.disabled = true;
    shownJob?.run();
    shownJob = new Cleanup();
    try {
      const job = forms[kept.kind].read();
      keep();
      curl.textContent = asCurl(job);
      await work(job, shownJob);
    } catch (error) {
      replace(result, problemBox(error));
    } finally {
      run.disabled = plan.disabled = false;
    }
  }

  async function planJob(job) {
    replace(result, h("section", { class: "card" }, h("h2", null, "Plan"), showPlan(await getJson("api/plan", { method: "POST", json: job }))));
  }

  async function runJob(job, own) {
    const record = await queueJob(job);
    const place = h("section", { "aria-label": "Job" });
    replace(result, place);
    showJob(place, record, own, { isEmbedded: true });
  }

  replace(
    main,
    h("div", { class: "head" }, h("h1", null, "Try a command")),
    h(
      "div", { class: "split" },
      form,
      h(
        "div", { class: "stack" },
        h("section", { class: "card" }, h("h2", null, "Files"), h("p", { class: "muted small" }, "Uploaded files can be named in jobs."), makeUploads({ onUpload: (name) => (use(name), listFiles(files, use, cleanup.signal)) }), files),
        h("section", { class: "card" }, h("details", null, h("summary", null, "The same with curl"), curl)),
      ),
    ),
    result,
  );
  choose(kept.kind);
}

function makeCommandForm() {
  const command = h("textarea", { class: "code", id: "command", rows: 5, spellcheck: "false", value: kept.command, oninput: () => (kept.command = command.value) });
  return {
    element: h("label", { class: "block", for: "command" }, "FFmpeg command; && joins several", command),
    read: () => ({ action: "process", data: { chainCmds: command.value.trim() } }),
    use(name) {
      const quoted = /^[\w./-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
      command.value = command.value === COMMAND ? `ffmpeg -i ${quoted} -crf 26 small.mp4` : `${command.value.trimEnd()} ${quoted}`;
      kept.command = command.value;
      command.focus();
    },
  };
}

function makeJsonForm() {
  const text = h("textarea", { class: "code", id: "job-json", rows: 12, spellcheck: "false", value: kept.json, oninput: () => (kept.json = text.value) });
  return {
    element: h("label", { class: "block", for: "job-json" }, "A whole job", text),
    read() {
      try {
        return JSON.parse(text.value);
      } catch (error) {
        throw { error: `This is no JSON: ${error.message}`, code: "invalid_json", fault: "caller" };
      }
    },
    use(name) {
      text.setRangeText(JSON.stringify(name), text.selectionStart, text.selectionEnd, "end");
      kept.json = text.value;
      text.focus();
    },
  };
}

function asCurl(job) {
  const key = keyHeaders().Authorization ? ` -H "Authorization: Bearer $KEY"` : "";
  const body = JSON.stringify(job).replaceAll("'", "'\\''");
  return `curl${key} -H 'Content-Type: application/json' \\\n  ${address("api/jobs")} \\\n  -d '${body}'`;
}

function readKept() {
  const usual = { kind: "command", command: COMMAND, json: JSON.stringify(JOB, null, 2), preset: "", parameters: {} };
  try {
    return { ...usual, ...JSON.parse(sessionStorage.getItem(STORED) ?? "{}") };
  } catch {
    return usual;
  }
}

function keep() {
  sessionStorage.setItem(STORED, JSON.stringify(kept));
}
