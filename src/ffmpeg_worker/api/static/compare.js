// Two videos at the same moment: wiped, side by side, or their difference.

import { h, replace } from "./dom.js";
import { clock } from "./format.js";
import { drawFrame } from "./inputs.js";
import { problemBox } from "./problem.js";

const VIEWS = [["wipe", "Wipe"], ["side", "Side by side"], ["difference", "Difference"]];

// Shows the tool and returns a function that shows the frames at a time.
export function showComparison(place, { reference, distorted, result, signal }) {
  const { frame_rate: rate = {}, size = {}, offset_s: offset = 0 } = result.alignment;
  const [width, height] = (size.compared ?? size.reference ?? "1280x720").split("x").map(Number);
  const frame_s = 1 / (rate.compared ?? 25);
  const stage = h("div", { class: "compare-stage wipe" });
  const state = h("p", { class: "muted small", role: "status" });
  const wipe = h("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": "Place of the wipe", class: "grow" });
  const views = h("div", { class: "segments", role: "group", "aria-label": "View" }, VIEWS.map(([name, label]) => h(
    "button", { type: "button", "aria-pressed": String(name === "wipe"), onclick: () => choose(name) }, label,
  )));
  let time = 0;
  let running = null;

  function choose(name) {
    stage.className = `compare-stage ${name}`;
    VIEWS.forEach(([one], index) => views.children[index].setAttribute("aria-pressed", String(one === name)));
    wipe.hidden = name !== "wipe";
    place_wipe();
  }

  function place_wipe() {
    stage.style.setProperty("--wipe", `${wipe.value}%`);
    const image = stage.querySelector(".distorted");
    if (image) image.style.clipPath = stage.classList.contains("wipe") ? `inset(0 0 0 ${wipe.value}%)` : "none";
  }

  wipe.addEventListener("input", place_wipe);
  stage.addEventListener("pointermove", (event) => {
    if (!stage.classList.contains("wipe") || (event.pointerType !== "mouse" && !event.buttons)) return;
    const box = stage.getBoundingClientRect();
    wipe.value = ((event.clientX - box.left) / box.width) * 100;
    place_wipe();
  });

  async function show(wanted) {
    running?.abort();
    const own = (running = new AbortController());
    signal.addEventListener("abort", () => own.abort(), { once: true });
    time = Math.max(0, wanted);
    state.textContent = `Drawing both frames at ${clock(time)} …`;
    try {
      const at = (shift) => ({ width, height, time: Math.max(0, time + shift) });
      const [first, second] = await Promise.all([
        drawFrame(reference.source, at(0), own.signal), drawFrame(distorted.source, at(-offset), own.signal),
      ]);
      second.className = "distorted";
      replace(stage, first, second, h("span", { class: "tag left" }, "reference"), h("span", { class: "tag right" }, "distorted"));
      place_wipe();
      state.textContent = `Both videos at ${clock(time)}`;
    } catch (error) {
      if (error.name === "AbortError") return;
      state.textContent = "";
      replace(stage, problemBox(error));
    }
  }

  replace(place, h(
    "section", { class: "card", "aria-label": "Comparison" },
    h("div", { class: "head" }, h("h2", null, "Compare"), views, wipe, h(
      "span", { class: "end" },
      h("button", { type: "button", onclick: () => show(time - frame_s) }, "◂ Frame"),
      h("button", { type: "button", onclick: () => show(time + frame_s) }, "Frame ▸"),
    )),
    stage,
    state,
  ));
  return show;
}
