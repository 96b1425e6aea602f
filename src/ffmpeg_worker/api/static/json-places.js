// Where things are in the text of a JSON document, which may be incomplete while one types.

import { syntaxTree } from "./vendor/codemirror.js";

const STEP = /[^.[\]]+|\[\d+\]/g;

// The steps of a path such as `layers[0].style.color`.
export function readPath(path) {
  return (path.match(STEP) ?? []).map((step) => (step.startsWith("[") ? Number(step.slice(1, -1)) : step));
}

// The range of the value at a path, or of the innermost part of the path that exists.
export function findRange(state, path) {
  let node = firstValue(syntaxTree(state).topNode);
  let range = { from: 0, to: Math.min(1, state.doc.length) };
  for (const step of readPath(path)) {
    if (!node) return range;
    if (typeof step === "number") {
      const item = values(node)[step];
      if (!item) return range;
      node = item;
      range = { from: item.from, to: item.to };
    } else {
      const property = node.getChildren("Property").find((one) => sameKey(keyOf(state, one), step));
      if (!property) return range;
      node = property.lastChild;
      range = { from: property.from, to: property.to };
    }
  }
  return node && node.to - node.from < 400 ? range : { from: range.from, to: Math.min(range.from + 40, state.doc.lineAt(range.from).to) };
}

// Callers may write `fontSize` for `font_size`.
function sameKey(written, named) {
  const plain = (key) => key?.replaceAll("_", "").toLowerCase();
  return written === named || plain(written) === plain(named);
}

export function keyOf(state, property) {
  const name = property?.getChild("PropertyName");
  if (!name) return null;
  try {
    return JSON.parse(state.sliceDoc(name.from, name.to));
  } catch {
    return null;
  }
}

function firstValue(top) {
  for (let child = top.firstChild; child; child = child.nextSibling) if (!child.type.isError) return child;
  return null;
}

function values(array) {
  const found = [];
  for (let child = array.firstChild; child; child = child.nextSibling) {
    if (child.name !== "[" && child.name !== "]" && child.name !== "," && !child.type.isError) found.push(child);
  }
  return found;
}

// The path to a position: keys and indexes from the outermost, each with the node of its object or array.
export function pathAt(state, position) {
  const path = [];
  for (let node = syntaxTree(state).resolveInner(position, -1); node; node = node.parent) {
    if (node.name === "Property") path.unshift({ step: keyOf(state, node), holder: node.parent });
    else if (node.parent?.name === "Array" && node.name !== "[" && node.name !== "]") {
      path.unshift({ step: values(node.parent).findIndex((one) => one.from === node.from), holder: node.parent });
    }
  }
  return path;
}

// The texts of an object's properties, such as its `type`, which decides what else it may have.
export function stringProperties(state, object) {
  const found = {};
  for (const property of object.getChildren("Property")) {
    const value = property.lastChild;
    found[keyOf(state, property)] = value?.name === "String" ? readString(state, value) : null;
  }
  return found;
}

function readString(state, node) {
  try {
    return JSON.parse(state.sliceDoc(node.from, node.to));
  } catch {
    return null;
  }
}
