// Draws the frame of a composition while its text changes, and tells what is wrong with it.

import { getJson } from "./api.js";
import { h, replace } from "./dom.js";
import { clock } from "./format.js";
import { problemBox } from "./problem.js";

const LINT_MS = 900;
const MAX_WIDTH = 960;

export class Preview {
  #running = null;
  #isWanted = false;
  #drawn = null;
  #timer = null;
  #lintTimer = null;

  // `parts` are the elements that it fills; `editor` has the text.
  constructor(parts, editor, time, cleanup) {
    this.parts = parts;
    this.editor = editor;
    this.time = time;
    this.duration = time;
    this.cleanup = cleanup;
    cleanup.add(() => {
      clearTimeout(this.#timer);
      clearTimeout(this.#lintTimer);
      this.#running?.abort();
    });
  }

  // The composition in the editor; null where the text is no JSON, which is marked.
  read() {
    try {
      return JSON.parse(this.editor.text);
    } catch (error) {
      const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? placeOfLine(this.editor.text, error.message));
      this.showRemarks([{ position, message: `This is no JSON: ${error.message}`, severity: "error" }]);
      this.#forgetDrawn();
      return null;
    }
  }

  drawLater(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.draw(), milliseconds);
  }

  // One request at a time: what changes meanwhile is drawn when it has been answered.
  async draw() {
    if (this.#running) {
      this.#isWanted = true;
      return;
    }
    const composition = this.read();
    if (composition === null) return;
    this.#running = new AbortController();
    try {
      await this.#drawFrame(composition, this.#running.signal);
    } catch (error) {
      if (!this.cleanup.isOver && error.name !== "AbortError") this.showProblem(error);
    } finally {
      this.#running = null;
      if (this.#isWanted && !this.cleanup.isOver) {
        this.#isWanted = false;
        this.draw();
      }
    }
  }

  async #drawFrame(composition, signal) {
    const began = performance.now();
    const json = { json: composition, t: this.time, width: this.#width(composition) };
    const result = await getJson("api/canvas/preview", { method: "POST", json, signal });
    const { preview, slider, clock: shownTime, took } = this.parts;
    const image = preview.querySelector("img") ?? h("img", { id: "frame" });
    image.alt = `Frame at ${clock(result.t)}`;
    image.src = result.image;
    await image.decode();
    if (this.cleanup.isOver) return;
    if (!image.isConnected) replace(preview, image);
    preview.classList.remove("old");
    this.duration = result.duration;
    slider.max = Math.max(0, result.duration - 0.001);
    this.time = Math.min(this.time, Number(slider.max));
    slider.setAttribute("aria-valuetext", `${result.t.toFixed(2)} seconds`);
    shownTime.textContent = `${clock(result.t)} / ${clock(result.duration)}`;
    took.textContent = `${Math.round(performance.now() - began)} ms`;
    this.showRemarks([]);
    this.#drawn = composition;
    clearTimeout(this.#lintTimer);
    this.#lintTimer = setTimeout(() => this.#lint(composition), LINT_MS);
  }

  async #lint(composition) {
    try {
      const json = { json: composition, lint: true };
      const { remarks } = await getJson("api/canvas/process", { method: "POST", json, signal: this.cleanup.signal });
      if (this.#drawn !== composition || this.#running) return;
      this.showRemarks(remarks.map((one) => ({
        path: one.where.replace(/^json\.?/, ""), message: [one.message, one.hint].filter(Boolean).join(" "), severity: "warning",
      })));
    } catch {
      // The next preview tells what is wrong.
    }
  }

  showProblem(error) {
    this.#forgetDrawn();
    this.parts.took.textContent = "";
    const { error: sentence = error.message, hint, where } = error.details ?? {};
    const path = where?.field?.replace(/^(json|composition)(\.|(?=\[)|$)/, "");
    const message = [sentence, hint].filter(Boolean).join(" ").replace(/"(json|composition)\.(?=\w)/, '"');
    const place = path === undefined ? { position: 0, problem: error } : { path };
    this.showRemarks([{ ...place, message, severity: "error" }]);
  }

  showRemarks(remarks) {
    this.editor.mark(remarks);
    replace(this.parts.remarks, remarks.map((one) => h(
      "li", null,
      one.problem ? problemBox(one.problem) : [
        one.path && h("button", { type: "button", class: "place", onclick: () => this.editor.goTo(one.path) }, one.path), " ",
        h("span", null, one.message),
      ],
    )));
  }

  // The shown frame is not that of the text any more.
  #forgetDrawn() {
    this.#drawn = null;
    clearTimeout(this.#lintTimer);
    this.parts.preview.classList.add("old");
  }

  #width(composition) {
    const wanted = Math.min(Math.round(this.parts.preview.clientWidth * Math.min(devicePixelRatio, 2)), MAX_WIDTH);
    return Math.max(2, Math.min(wanted, Number(composition?.width) || 1280));
  }
}

function placeOfLine(text, message) {
  const line = Number(/line (\d+)/.exec(message)?.[1] ?? 1);
  return text.split("\n").slice(0, line - 1).join("\n").length;
}
