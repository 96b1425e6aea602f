// Asks for the API key, where the worker needs one.

import { getJson, key } from "./api.js";
import { h, replace } from "./dom.js";

// Whether the worker shows its details: `/health` says only its status to those without a valid key.
export async function isAdmitted() {
  const health = await getJson("health").catch((problem) => problem.details?.version ? problem.details : Promise.reject(problem));
  return health.version !== undefined;
}

export function showKeyForm(main, onAdmitted, message = "") {
  const input = h("input", { type: "password", id: "key", name: "key", autocomplete: "off", spellcheck: "false", required: true });
  const error = h("p", { role: "alert", id: "key-error", class: "problem", hidden: !message }, message);
  const button = h("button", { class: "main" }, "Continue");

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    key.set(input.value.trim());
    let reason = "This worker does not accept that API key.";
    try {
      if (await isAdmitted()) return onAdmitted();
    } catch (problem) {
      reason = problem.message;
    } finally {
      button.disabled = false;
    }
    key.forget();
    error.textContent = reason;
    error.hidden = false;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", "key-error");
    input.select();
    input.focus();
  }

  replace(main, h(
    "form", { class: "card key-form stack", onsubmit: submit },
    h("h1", null, "API key"),
    h("p", { class: "muted" }, "This worker needs a key. It is kept until you close this tab."),
    h("label", { for: "key" }, "Key", input),
    error,
    h("div", null, button),
  ));
  input.focus();
}
