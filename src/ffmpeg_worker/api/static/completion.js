// Completes keys and values of a composition from its JSON Schema.

import { syntaxTree } from "./vendor/codemirror.js";
import { keyOf, pathAt, stringProperties } from "./json-places.js";

const MAX_DETAIL = 60;

export function makeCompletion(schema) {
  return (context) => {
    const node = syntaxTree(context.state).resolveInner(context.pos, -1);
    const path = pathAt(context.state, context.pos);
    if (isKeyPlace(node)) return completeKey(schema, context, node, path);
    return completeValue(schema, context, node, path);
  };
}

function isKeyPlace(node) {
  if (node.name === "PropertyName" || node.name === "Object" || node.name === "{") return true;
  return node.type.isError && (node.parent?.name === "Object" || node.parent?.parent?.name === "Object" && node.parent.name === "Property" && !node.parent.getChild("PropertyName"));
}

function completeKey(schema, context, node, path) {
  const word = context.matchBefore(/"?[\w-]*$/);
  if (!context.explicit && !word?.text) return null;
  const isName = node.name === "PropertyName";
  const steps = isName ? path.slice(0, -1) : path;
  const holder = isName ? node.parent.parent : node.name === "Object" ? node : node.parent;
  const object = holder?.name === "Object" ? holder : holder?.parent;
  const given = object ? stringProperties(context.state, object) : {};
  const options = new Map();
  for (const one of resolvePath(schema, context.state, steps, given)) {
    for (const [name, rule] of Object.entries(one.properties ?? {})) if (!options.has(name)) options.set(name, rule);
  }
  const end = isName ? node.to : context.pos;
  const isFollowed = /^\s*:/.test(context.state.sliceDoc(end, end + 40));
  const own = isName ? keyOf(context.state, node.parent) : null;
  return offer(context, isName ? node.from : word?.from ?? context.pos, end, [...options]
    .filter(([name]) => !(name in given) || name === own)
    .map(([name, rule]) => ({ value: name, rule, suffix: isFollowed ? "" : ": " })), schema);
}

function completeValue(schema, context, node, path) {
  const word = context.matchBefore(/"[^"\n]*|[\w.-]*$/);
  if (!context.explicit && !word?.text) return null;
  const options = new Map();
  for (const one of resolvePath(schema, context.state, path, {})) {
    const values = one.const !== undefined ? [one.const] : one.enum ?? (one.type === "boolean" ? [true, false] : one.examples ?? []);
    for (const value of values) {
      if (value !== null && (typeof value !== "object" || context.explicit)) options.set(JSON.stringify(value), { value, rule: one, suffix: "" });
    }
  }
  const isText = node.name === "String";
  return offer(context, isText ? node.from : word?.from ?? context.pos, isText ? node.to : context.pos, [...options.values()], schema);
}

// What is typed is compared without its quotation mark, and replaced with it.
function offer(context, start, end, options, schema) {
  if (!options.length) return null;
  const isQuoted = context.pos > start && context.state.sliceDoc(start, start + 1) === '"';
  return {
    from: isQuoted ? start + 1 : start,
    options: options.map(({ value, rule, suffix }) => {
      const text = JSON.stringify(value) + suffix;
      const apply = (view, _completion, _from, to) => view.dispatch({
        changes: { from: start, to: to + end - context.pos, insert: text },
        selection: { anchor: start + text.length },
        userEvent: "input.complete",
      });
      return { label: typeof value === "string" ? value : JSON.stringify(value), apply, ...describe(rule, schema) };
    }),
  };
}

function describe(rule, schema) {
  const text = rule.description ?? resolve(rule, schema).map((one) => one.description).find(Boolean) ?? "";
  const usual = rule.default !== undefined && rule.default !== null ? `default ${JSON.stringify(rule.default)}` : "";
  return { detail: usual.length <= MAX_DETAIL ? usual : "", info: text || undefined };
}

// The schemas that may hold at a path; of the kinds of a layer, those that its `type` leaves.
function resolvePath(schema, state, path, given) {
  let found = resolve(schema, schema);
  path.forEach(({ step, holder }, index) => {
    if (holder.name === "Object" && index > 0) found = choose(found, stringProperties(state, holder));
    found = found.flatMap((one) => {
      const inner = typeof step === "number" ? one.items ?? one.prefixItems?.[step] : one.properties?.[step] ?? (typeof one.additionalProperties === "object" ? one.additionalProperties : null);
      return inner ? resolve(inner, schema) : [];
    });
  });
  return choose(found, given);
}

function choose(schemas, given) {
  if (!given.type) return schemas;
  const fitting = schemas.filter((one) => one.properties?.type?.const === given.type || one.properties?.type?.enum?.includes(given.type));
  return fitting.length ? fitting : schemas;
}

function resolve(rule, schema, depth = 0) {
  if (!rule || typeof rule !== "object" || depth > 12) return [];
  if (rule.$ref) {
    const target = rule.$ref.replace(/^#\/?/, "").split("/").reduce((value, part) => value?.[part], schema);
    return resolve(target, schema, depth + 1).map((one) => (rule.description ? { ...one, description: rule.description } : one));
  }
  const choices = rule.oneOf ?? rule.anyOf ?? rule.allOf;
  if (!choices) return [rule];
  const own = rule.properties ? [rule] : [];
  return [...own, ...choices.flatMap((one) => resolve(one, schema, depth + 1))];
}
