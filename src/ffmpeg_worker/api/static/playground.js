// The playground of compositions: an editor with a preview of one frame.

import { getJson, send } from "./api.js";
import { h, replace } from "./dom.js";
import { clock } from "./format.js";
import { queueJob } from "./job.js";
import { Preview } from "./preview.js";
import { makeUploads } from "./uploads.js";

const STORED = "ffmpeg-worker-composition";
const TYPING_MS = 250;
const START_TIME = 1;
const START = `{
  "width": 1280, "height": 720, "fps": 30, "duration": 4,
  "layers": [
    {"type": "shape", "width": "100%", "height": "100%", "fill": "#12304f"},
    {"type": "text", "text": "Hello", "y": 270, "width": "100%",
     "style": {"font_size": 120, "font_weight": 800, "align": "center"},
     "transition": {"in": {"type": "slide-up", "duration": 0.6}}}
  ]
}
`;

export async function show(main, route, cleanup) {
  replace(main, h("p", { class: "muted" }, "Loading the editor…"));
  const [{ makeEditor }, schema, { compositions }] = await Promise.all([
    import("./editor.js"), getJson("api/canvas/schema"), getJson("api/canvas/examples", { signal: cleanup.signal }),
  ]);
  if (cleanup.isOver) return;
  const parts = makeParts(compositions);
  replace(main, parts.page);
  const editor = makeEditor(parts.editor, sessionStorage.getItem(STORED) ?? START, schema, (text) => {
    sessionStorage.setItem(STORED, text);
    preview.drawLater(TYPING_MS);
  });
  cleanup.add(() => editor.destroy());
  const preview = new Preview(parts, editor, START_TIME, cleanup);
  parts.slider.addEventListener("input", () => moveTo(parts, preview, Number(parts.slider.value)));
  parts.examples.addEventListener("change", () => openExample(parts, editor, preview, compositions));
  parts.format.addEventListener("click", () => {
    const composition = preview.read();
    if (composition !== null) editor.text = `${JSON.stringify(composition, null, 2)}\n`;
  });
  parts.render.addEventListener("click", () => render(parts, preview));
  preview.draw();
}

function moveTo(parts, preview, time) {
  preview.time = time;
  parts.clock.textContent = `${clock(time)} / ${clock(preview.duration)}`;
  preview.draw();
}

async function openExample(parts, editor, preview, compositions) {
  const chosen = compositions.find((one) => one.name === parts.examples.value);
  if (!chosen) return;
  try {
    const response = await send(`api/canvas/examples/${encodeURIComponent(chosen.name)}`);
    preview.time = parts.slider.value = START_TIME;
    editor.text = await response.text();
  } catch (error) {
    preview.showProblem(error);
  }
  parts.files.hidden = chosen.files.length === 0;
  replace(parts.files, "Uses ", chosen.files.map((file) => [h("span", { class: "chip" }, file), " "]), "from the data root.");
}

async function render(parts, preview) {
  const composition = preview.read();
  if (composition === null) return;
  parts.render.disabled = true;
  try {
    const job = await queueJob({ action: "canvas", data: { json: composition, output: parts.output.value.trim() || "video.mp4" } });
    location.hash = `#/jobs/${encodeURIComponent(job.id)}`;
  } catch (error) {
    preview.showProblem(error);
  } finally {
    parts.render.disabled = false;
  }
}

function makeParts(compositions) {
  const parts = {
    editor: h("div", { class: "editor-box", id: "editor" }),
    preview: h("div", { class: "preview-box", "aria-busy": "false" }, h("p", { class: "muted" }, "The frame appears here.")),
    slider: h("input", { type: "range", min: 0, max: 4, step: 0.01, value: START_TIME, "aria-label": "Time in seconds", class: "grow" }),
    clock: h("span", { class: "small" }, "0:00.00"),
    took: h("span", { class: "small muted", id: "took" }),
    remarks: h("ul", { class: "remarks", "aria-live": "polite", "aria-label": "Remarks" }),
    files: h("p", { class: "small muted", hidden: true }),
    examples: h("select", { "aria-label": "Example" }, h("option", { value: "" }, "Start from an example…"), compositions.map(
      ({ name, files }) => h("option", { value: name }, files.length ? `${name} (${files.length} files)` : name),
    )),
    format: h("button", { type: "button" }, "Format"),
    output: h("input", { value: "video.mp4", "aria-label": "Name of the video", size: 14 }),
    render: h("button", { type: "button", class: "main" }, "Render"),
  };
  parts.page = h(
    "div", null,
    h("div", { class: "head" }, h("h1", null, "Playground"), parts.examples, parts.format, h("span", { class: "end" }, parts.output, parts.render)),
    h(
      "div", { class: "playground" },
      parts.editor,
      h(
        "div", null,
        parts.preview,
        h("div", { class: "scrub" }, parts.slider, h("span", null, parts.clock, " ", parts.took)),
        parts.files,
        parts.remarks,
        h("details", null, h("summary", { class: "small" }, "Upload files that the composition uses"), makeUploads({ onUpload: () => {} })),
      ),
    ),
  );
  return parts;
}
