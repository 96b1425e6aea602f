// What a job would do or does.

import { h } from "./dom.js";
import { problemBox } from "./problem.js";

const KINDS = {
  render: "Draws the frames of the composition, which this command encodes:",
  still: "Draws one frame of the composition.",
  probe: "Reads media information.",
  copy: "Copies a file.",
  other: "A step that depends on the ones before.",
};

export function showPlan(plan) {
  const isMany = plan.processes.length > 1;
  return h(
    "div", { class: "stack" },
    !plan.complete && h("p", { class: "muted small" }, "Commands that depend on what the inputs are follow when these are fetched; the log then has them."),
    plan.processes.map((process, number) => h(
      "div", null,
      isMany && h("h3", null, `Process ${number}`),
      process.preset && h("p", { class: "small" }, "Preset ", h("span", { class: "chip" }, process.preset)),
      process.problem && problemBox(process.problem),
      process.steps.map(showStep),
      process.outputs.length > 0 && h("p", { class: "small muted" }, "Makes ", process.outputs.join(", ")),
      process.warnings.map((text) => h("p", { class: "note small" }, text)),
    )),
    plan.shared_decoding.map((numbers) => h("p", { class: "small" }, `Processes ${numbers.join(", ")} share their decoding.`)),
    plan.warnings.map((text) => h("p", { class: "note small" }, text)),
  );
}

function showStep(step) {
  return h(
    "div", { class: "code-box" },
    step.kind in KINDS && h("p", { class: "small muted" }, KINDS[step.kind], step.frames ? ` ${step.frames} frames.` : ""),
    step.command && h("pre", null, step.command),
  );
}
