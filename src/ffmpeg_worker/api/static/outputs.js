// The outputs of a job: players, pictures, texts, and downloads by their links.

import { downloadAddress, isOwn, outputAddress, readProblem } from "./api.js";
import { h, link, replace, safeAddress } from "./dom.js";
import { bytes, mediaText } from "./format.js";
import { problemBox } from "./problem.js";

const MAX_TEXT = 64 << 10;
export const PLAYED = /^(video|audio)\//;
const SHOWN = /^image\/(?!svg)/;
const READ = /^(text\/|application\/(json|x-subrip|vnd\.apple\.mpegurl|dash\+xml))/;

export function showOutputs(place, job, cleanup) {
  const groups = job.result.results
    ? job.result.results.map((report, number) => [`Process ${number}`, report])
    : [["", job.result]];
  const sections = groups.map(([title, report]) => [title, report.outputs ?? [], report.error ? report : null]);
  if (!sections.some(([, outputs, problem]) => outputs.length || problem)) return replace(place);
  replace(place, h(
    "section", { class: "card" },
    h("h2", null, "Outputs"),
    job.outputs_removed && h("p", { class: "note" }, "The outputs were removed after the retention time. Run the job again to make them."),
    sections.map(([title, outputs, problem]) => [
      title && h("h3", null, title),
      problem && problemBox(problem),
      outputs.map((output) => showOutput(output, outputs.length + sections.length === 2, cleanup)),
    ]),
  ));
}

function showOutput(output, isOnly, cleanup) {
  const url = outputAddress(output);
  const address = url && safeAddress(url);
  const player = h("div");
  const kind = output.content_type;
  const canShow = address !== null && (PLAYED.test(kind) || SHOWN.test(kind) || (READ.test(kind) && isOwn(address)));
  const open = h("button", { type: "button", "aria-label": `Show ${output.name}`, onclick: () => (open.remove(), play(player, output, address, cleanup)) }, PLAYED.test(kind) ? "Play" : "Show");
  if (canShow && isOnly && isOwn(address) && !READ.test(kind)) play(player, output, address, cleanup);
  return h(
    "div", { class: "output" },
    h(
      "div", { class: "row middle" },
      h("span", { class: "mono grow" }, output.name),
      canShow && !player.hasChildNodes() && open,
      address && link(downloadAddress(address), "Download", { class: "button", download: "", rel: "noreferrer", "aria-label": `Download ${output.name}` }),
    ),
    h("p", { class: "muted small" }, [bytes(output.size), kind, mediaText(output.media)].filter(Boolean).join(" · ")),
    !address && h("p", { class: "muted small" }, "On the worker: ", h("span", { class: "mono" }, output.path)),
    player,
  );
}

// Plays or shows a file with `name`, `content_type` and perhaps `media`.
export function play(place, output, address, cleanup) {
  const kind = output.content_type;
  if (READ.test(kind)) return showText(place, address, cleanup);
  const tag = kind.startsWith("image/") ? "img" : kind.startsWith("audio/") ? "audio" : "video";
  const attributes = tag === "img" ? { alt: output.name } : { controls: true, preload: "metadata", "aria-label": output.name };
  const player = h(tag, { src: address, ...attributes, onerror: () => explain(place, player, address) });
  if (tag === "video" && output.media?.width) {
    player.width = output.media.width;
    player.height = output.media.height;
    player.style.height = "auto";
  }
  replace(place, h("div", { class: "player" }, player));
  cleanup.add(() => player.removeAttribute("src"));
}

// A player does not say why it has stopped; the worker does.
async function explain(place, player, address) {
  if (!player.isConnected || !player.getAttribute("src")) return;
  if (isOwn(address)) {
    try {
      const response = await fetch(address, { headers: { Range: "bytes=0-0" }, cache: "no-store" });
      if (!response.ok) return replace(place, problemBox(await readProblem(response)));
    } catch {
      return replace(place, problemBox({ error: "The worker cannot be reached." }));
    }
  }
  replace(place, h("p", { class: "note" }, "This browser cannot play the file. Download it."));
}

async function showText(place, address, cleanup) {
  const response = await fetch(address, { cache: "no-store", signal: cleanup.signal, headers: { Range: `bytes=0-${MAX_TEXT - 1}` } });
  if (!response.ok) return replace(place, problemBox(await readProblem(response)));
  const text = await response.text();
  replace(place, h("pre", { class: "log", tabindex: "0" }, text.slice(0, MAX_TEXT)));
}
