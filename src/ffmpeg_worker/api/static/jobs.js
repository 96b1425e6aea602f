// The list of jobs: filters in the address, pages, and what changes while one looks.

import { getJson } from "./api.js";
import { h, replace } from "./dom.js";
import { FINAL, duration, progressBar, status, time } from "./format.js";
import { problemBox } from "./problem.js";

const STATES = ["queued", "running", "cancelling", "succeeded", "failed", "cancelled"];
const ACTIONS = ["process", "multi_process", "probe", "vmaf", "canvas", "canvas_preview", "download", "upload"];
const POLL_MS = 2000;
const FILTERS = ["status", "action", "created_from", "created_before", "metadata"];

export async function show(main, route, cleanup) {
  const cursors = [null];
  const rows = new Map();
  const body = h("tbody");
  const place = h("div", null);
  const pager = h("div", { class: "pager" });
  const form = filterForm(route.parameters, (chosen) => {
    const text = new URLSearchParams(chosen).toString();
    location.hash = text ? `#/jobs?${text}` : "#/jobs";
  });
  replace(
    main,
    h("div", { class: "head" }, h("h1", null, "Jobs"), h("span", { class: "end" }, h("a", { class: "button", href: "#/try" }, "New job"))),
    form,
    place,
    pager,
  );

  async function load() {
    const page = await getJson(`api/jobs?${query(route.parameters, cursors.at(-1))}`, { signal: cleanup.signal });
    if (cleanup.isOver) return;
    if (page.jobs.length) {
      fill(body, rows, page.jobs);
      if (body.parentNode === null) replace(place, h("div", { class: "table-face" }, table(body)));
    } else {
      body.parentNode?.remove();
      replace(place, h("div", { class: "table-face empty" }, emptyText(route.parameters)));
    }
    replace(
      pager,
      cursors.length > 1 && h("button", { type: "button", onclick: () => turn(() => cursors.pop()) }, "Newer"),
      page.next_cursor && h("button", { type: "button", onclick: () => turn(() => cursors.push(page.next_cursor)) }, "Older"),
      cursors.length > 1 && h("span", { class: "muted" }, `Page ${cursors.length}`),
    );
  }

  async function turn(change) {
    change();
    await load();
    main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  async function refresh() {
    try {
      if (!document.hidden && !pager.contains(document.activeElement)) await load();
    } catch (error) {
      if (cleanup.isOver) return;
      if (error.status === 401) return;
      replace(place, problemBox(error));
      body.remove();
    }
    if (!cleanup.isOver) timer = setTimeout(refresh, POLL_MS);
  }

  let timer = setTimeout(refresh, POLL_MS);
  cleanup.add(() => clearTimeout(timer));
  try {
    await load();
  } catch (error) {
    // A worker without a queue, and a wrong filter, are told in the place of the list.
    if (error.name === "AbortError") return;
    clearTimeout(timer);
    replace(place, problemBox(error));
  }
}

function query(parameters, cursor) {
  const chosen = new URLSearchParams({ limit: "50" });
  for (const [name, value] of parameters) {
    if (name === "metadata") {
      const [entry, ...rest] = value.split("=");
      chosen.append(`metadata.${entry.trim()}`, rest.join("=").trim());
    } else if (FILTERS.includes(name)) {
      chosen.append(name, value);
    }
  }
  if (cursor) chosen.set("cursor", cursor);
  return chosen;
}

function filterForm(parameters, onChange) {
  const select = (name, label, values) => h(
    "label", null, label,
    h("select", { name }, h("option", { value: "" }, "all"), values.map((value) => option(value, parameters.get(name)))),
  );
  const input = (name, label, attributes) => h("label", null, label, h("input", { name, value: parameters.get(name) ?? "", ...attributes }));
  const form = h(
    "form", { class: "card filters row", role: "search", "aria-label": "Filter jobs" },
    select("status", "Status", STATES),
    select("action", "Action", ACTIONS),
    input("created_from", "From", { type: "date" }),
    input("created_before", "Before", { type: "date" }),
    input("metadata", "Metadata", { placeholder: "order=A-17", pattern: "[^=]+=.*", title: "A key of the job's metadata, = and its value" }),
    h("button", { type: "button", onclick: () => onChange({}) }, "Clear"),
  );
  const apply = () => {
    if (!form.reportValidity()) return;
    onChange(Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  return form;
}

function option(value, chosen) {
  const made = h("option", { value }, value);
  made.selected = value === chosen;
  return made;
}

function table(body) {
  const heads = ["Job", "Status", "Details", "Sent", "Time"];
  return h(
    "table", { class: "jobs" },
    h("caption", { class: "hidden" }, "Jobs, newest first"),
    h("thead", null, h("tr", null, heads.map((text, index) => h("th", { scope: "col", class: index === 4 ? "number" : null }, text)))),
    body,
  );
}

// Rows that have not changed stay, so that the keyboard's place and a selection are kept.
function fill(body, rows, jobs) {
  const wanted = jobs.map((job) => {
    const known = rows.get(job.id);
    const version = FINAL.has(job.status) ? job.revision : `${job.revision} ${duration(job)}`;
    if (known?.version === version) return known.row;
    const row = known?.row ?? h("tr");
    fillRow(row, job);
    rows.set(job.id, { row, version });
    return row;
  });
  wanted.forEach((row, index) => {
    if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
  });
  while (body.children.length > wanted.length) body.lastElementChild.remove();
}

function fillRow(row, job) {
  if (row.children.length === 0) {
    const address = `#/jobs/${encodeURIComponent(job.id)}`;
    row.append(
      h("td", { class: "nowrap" }, h("a", { href: address }, job.action, " ", h("span", { class: "mono" }, job.id.slice(0, 8)))),
      h("td"), h("td", { class: "progress-cell" }), h("td", null, time(job.created_at)), h("td", { class: "number" }),
    );
  }
  const [, state, progress, , took] = row.children;
  replace(state, status(job.status));
  replace(progress, describe(job));
  replace(took, duration(job));
}

function describe(job) {
  if (job.status === "running" || job.status === "cancelling") return progressBar(job, `Progress of job ${job.id.slice(0, 8)}`);
  if (job.status === "failed") return h("span", { class: "small" }, job.error?.error ?? "");
  const position = job.progress?.position;
  if (job.status === "queued" && position) return h("span", { class: "muted small" }, `place ${position} in the queue`);
  const metadata = Object.entries(job.metadata ?? {}).slice(0, 3).map(([name, value]) => `${name}: ${typeof value === "object" ? "…" : value}`);
  return metadata.length > 0 && h("span", { class: "muted small" }, metadata.join(", ").slice(0, 120));
}

function emptyText(parameters) {
  if ([...parameters].length) return "No job matches these filters.";
  return ["No jobs yet. ", h("a", { href: "#/try" }, "Try a command"), " or open the ", h("a", { href: "#/playground" }, "playground"), "."];
}
