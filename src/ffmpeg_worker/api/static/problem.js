// Explains an error: what is wrong, where, what to change, and who must act.

import { h } from "./dom.js";

const WHO = {
  caller: "The job must be changed.",
  source: "An input is not usable.",
  target: "The place for the outputs is not usable.",
  worker: "The worker failed.",
};

export function problemBox(problem) {
  const details = problem.details ?? (problem.error ? problem : { error: problem.message });
  const where = Object.entries(details.where ?? {}).map(([name, value]) => `${name}: ${value}`).join(", ");
  return h(
    "div", { class: "problem", role: "alert" },
    h("p", { class: "message" }, details.error),
    details.hint && h("p", null, details.hint),
    h("p", { class: "small" }, [
      details.fault && details.code !== "cancelled" ? WHO[details.fault] ?? "" : "",
      details.retryable ? " The same job may succeed later." : "",
      where ? ` Place: ${where}.` : "",
      details.code ? ` Code: ${details.code}.` : "",
    ].join("").trim()),
    details.stderr && h("details", null, h("summary", null, "Last lines of FFmpeg"), h("pre", null, details.stderr)),
  );
}
