// The inputs of a job: where they come from, a picture of those in the data root, and their media information.

import { findFile, getJson, outputAddress, send } from "./api.js";
import { h, replace } from "./dom.js";
import { mediaText } from "./format.js";
import { PLAYED, play } from "./outputs.js";
import { problemBox } from "./problem.js";
import { showMediaInformation } from "./results.js";

export function showInputs(place, inputs, cleanup) {
  if (!inputs.length) return replace(place);
  replace(place, h("section", { class: "card" }, h("h2", null, "Inputs"), inputs.map((input) => showInput(input, cleanup))));
}

function showInput(input, cleanup) {
  const more = h("div");
  const canOpen = input.source && !input.source.endsWith("…");
  const examine = h("button", {
    type: "button", class: "quiet small", "aria-label": `Show what ${input.name} is`,
    onclick: async () => {
      examine.disabled = true;
      await examineInput(more, input, cleanup).catch((error) => error.name === "AbortError" || replace(more, problemBox(error)));
      examine.disabled = false;
    },
  }, "Show");
  return h(
    "div", { class: "output" },
    h("div", { class: "row middle" }, h("span", { class: "mono grow" }, input.name), input.is_media && canOpen && examine),
    input.source === undefined
      ? h("p", { class: "muted small" }, "a text in the job")
      : input.source !== input.name && h("p", { class: "muted small mono" }, input.source),
    more,
  );
}

async function examineInput(place, input, cleanup) {
  const found = await getJson("api/ffmpeg/probe", { method: "POST", json: { input: input.source }, signal: cleanup.signal });
  const video = found.streams?.find((stream) => stream.codec_type === "video");
  const summary = mediaText({
    width: video?.width, height: video?.height, duration: Number(found.format?.duration) || undefined,
    codecs: found.streams?.map((stream) => stream.codec_name).filter(Boolean),
  });
  const details = h("div");
  showMediaInformation(details, found);
  replace(place, h("p", { class: "small" }, summary), h("details", null, h("summary", { class: "small" }, "Media information"), details));
  const player = h("div");
  place.prepend(player);
  const file = /^(\/|[\w+.-]+:)/.test(input.source) ? null : await findFile(input.source, cleanup.signal);
  if (file && PLAYED.test(file.content_type)) return play(player, { ...file, media: { width: video?.width, height: video?.height } }, outputAddress(file), cleanup);
  if (!video) return;
  const picture = await drawFrame(input.source, { width: video.width, height: video.height, time: 0, shown: 640 }, cleanup.signal);
  replace(player, picture);
}

// One exact frame of any video that the worker can read, as an image; browsers play few formats.
export async function drawFrame(source, { width, height, time, shown }, signal) {
  const even = (size) => Math.max(2, Math.round(size / 2) * 2);
  const layer = { type: "video", src: source, width: "100%", height: "100%", fit: "fill" };
  const composition = { width: even(width), height: even(height), layers: [layer] };
  const wanted = shown ? { width: Math.min(shown, even(width)) } : {};
  const response = await send("api/canvas/preview", {
    method: "POST", json: { json: composition, t: time, ...wanted }, headers: { Accept: "image/png" }, signal,
  });
  const url = URL.createObjectURL(await response.blob());
  const image = h("img", { src: url, alt: `Frame at ${time.toFixed(2)} s of ${source}` });
  await image.decode();
  URL.revokeObjectURL(url);
  return image;
}
