// A form for the parameters of a preset, made from their JSON Schema.

import { getJson } from "./api.js";
import { h, replace } from "./dom.js";

export async function makePresetForm(kept, signal) {
  const { presets } = await getJson("api/presets", { signal });
  const fields = h("div", { class: "fields" });
  const about = h("p", { class: "muted small" });
  const inputs = h("div", { class: "fields" });
  const choice = h("select", { onchange: () => choose(choice.value) }, presets.map(({ name }) => h("option", { value: name }, name)));
  let preset = presets[0];

  function choose(name) {
    preset = presets.find((one) => one.name === name) ?? presets[0];
    choice.value = kept.preset = preset.name;
    about.textContent = preset.description;
    const slots = preset.inputs.flatMap((slot) => Array.from({ length: Math.max(slot.at_least, 1) }, (_, index) => ({ slot, index })));
    replace(inputs, slots.map(({ slot, index }) => h("label", null, `${slot.name}${slot.at_most > 1 ? ` ${index + 1}` : ""}: ${slot.description}`, h(
      "input", { name: "input", required: index < slot.at_least, placeholder: "name or URL" },
    ))));
    replace(fields, Object.entries(preset.parameters.properties ?? {}).map(([field, rule]) => parameterField(field, rule, preset.parameters.required?.includes(field))));
  }

  choose(kept.preset);
  return {
    element: h("div", { class: "stack" }, h("label", null, "Preset", choice), about, inputs, fields),
    read() {
      const names = [...inputs.querySelectorAll("input")].map((one) => one.value.trim()).filter(Boolean);
      const data = { preset: preset.name, ...Object.fromEntries(readFields(fields)) };
      if (names.length === 1) return { action: "process", data: { ...data, input: names[0] } };
      return { action: "process", inputs: Object.fromEntries(names.map((name, index) => [`in_${index + 1}`, name])), data };
    },
    use(name) {
      const all = [...inputs.querySelectorAll("input")];
      const empty = all.find((one) => !one.value) ?? all.at(-1);
      if (empty) empty.value = name;
    },
  };
}

function parameterField(name, rule, required) {
  const choices = rule.enum ?? rule.anyOf?.find((one) => one.enum)?.enum;
  const usual = rule.default === undefined ? "" : String(typeof rule.default === "object" ? JSON.stringify(rule.default) : rule.default);
  const attributes = { name, required, title: rule.description ?? null, "data-type": rule.type ?? "any" };
  const field = choices
    ? h("select", attributes, h("option", { value: "" }, usual ? `default: ${usual}` : "default"), choices.map((value) => h("option", { value }, String(value))))
    : rule.type === "boolean"
      ? h("select", attributes, ["", "true", "false"].map((value) => h("option", { value }, value || `default: ${usual}`)))
      : h("input", { ...attributes, placeholder: usual });
  return h("label", null, name.replaceAll("_", " "), field);
}

function* readFields(fields) {
  for (const field of fields.querySelectorAll("[name]")) {
    const text = field.value.trim();
    if (!text) continue;
    yield [field.name, field.dataset.type === "string" ? text : readValue(text)];
  }
}

function readValue(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
