// Builds elements. Texts are text nodes and never markup, so nothing that a file or a job says can become a script.

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
}

export function replace(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}

// A link, or a plain text where the address is not one of the web.
export function link(address, text, attributes) {
  const safe = safeAddress(address);
  return safe === null ? h("span", null, text) : h("a", { href: safe, ...attributes }, text);
}

export function safeAddress(address) {
  try {
    const url = new URL(address, document.baseURI);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

// The parts of a page that must be stopped when another page is shown.
export class Cleanup {
  #controller = new AbortController();

  get signal() {
    return this.#controller.signal;
  }

  get isOver() {
    return this.signal.aborted;
  }

  add(stop) {
    this.signal.addEventListener("abort", stop, { once: true });
  }

  run() {
    this.#controller.abort();
  }
}
