// The frame around all pages: navigation, the API key, light and dark.

import { getJson, key, whenUnauthorized } from "./api.js";
import { Cleanup, h, replace } from "./dom.js";
import { isAdmitted, showKeyForm } from "./key.js";
import { problemBox } from "./problem.js";

const main = document.getElementById("main");
const PAGES = {
  jobs: ["Jobs", () => import("./jobs.js")],
  job: ["Job", () => import("./job.js")],
  try: ["Try a command", () => import("./try.js")],
  playground: ["Playground", () => import("./playground.js")],
  system: ["System", () => import("./system.js")],
};

let shown = null;
let cleanup = new Cleanup();

function readRoute() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id] = path.split("/");
  const parameters = new URLSearchParams(query);
  if (name === "jobs" && id) return { page: "job", id: decodeURIComponent(id), parameters };
  return { page: name in PAGES && name !== "job" ? name : "jobs", parameters };
}

async function show() {
  if (location.hash === "#main") return;
  const route = readRoute();
  const [title, load] = PAGES[route.page];
  cleanup.run();
  const own = (cleanup = new Cleanup());
  document.title = `${title} · FFmpeg Worker`;
  for (const one of document.querySelectorAll(".top nav a")) {
    const isCurrent = one.hash === `#/${route.page === "job" ? "jobs" : route.page}`;
    if (isCurrent) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  main.className = route.page === "playground" ? "wide" : "";
  try {
    const page = await load();
    if (own.isOver) return;
    await page.show(main, route, own);
  } catch (error) {
    if (own.isOver || error.name === "AbortError") return;
    replace(main, h("h1", null, title), problemBox(error));
  }
  if (shown !== null && shown !== route.page) main.focus({ preventScroll: true });
  shown = route.page;
}

function begin() {
  document.getElementById("forget-key").hidden = !key.get();
  getJson("", { headers: { Accept: "application/json" } })
    .then((about) => (document.getElementById("docs-link").hidden = !about.links.docs))
    .catch(() => {});
  show();
}

function askForKey(message) {
  cleanup.run();
  key.forget();
  document.getElementById("forget-key").hidden = true;
  document.title = "API key · FFmpeg Worker";
  showKeyForm(main, begin, message);
}

function prepareTheme() {
  const saved = localStorage.getItem("ffmpeg-worker-theme");
  if (saved) document.documentElement.dataset.theme = saved;
  document.getElementById("theme").addEventListener("click", () => {
    const isDark = getComputedStyle(document.documentElement).colorScheme === "dark";
    document.documentElement.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem("ffmpeg-worker-theme", document.documentElement.dataset.theme);
  });
}

async function start() {
  prepareTheme();
  document.getElementById("forget-key").addEventListener("click", () => askForKey(""));
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  try {
    if (await isAdmitted()) begin();
    else askForKey(key.get() ? "This worker does not accept the key of this tab any more." : "");
  } catch (error) {
    replace(main, problemBox(error));
  }
  whenUnauthorized(() => askForKey("This worker does not accept that API key."));
  window.addEventListener("hashchange", () => {
    if (main.querySelector(".key-form") === null) show();
  });
}

start();
