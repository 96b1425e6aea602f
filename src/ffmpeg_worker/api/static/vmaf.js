// The result of a comparison: figures, the scores over time, and the worst frames.

import { getJson, outputAddress } from "./api.js";
import { showChart } from "./chart.js";
import { showComparison } from "./compare.js";
import { h, replace } from "./dom.js";
import { clock, facts } from "./format.js";

const POOLED = [["mean", "Mean"], ["p5", "5th percentile"], ["p1", "1st percentile"], ["min", "Lowest"], ["max", "Highest"]];

export function showVmaf(place, job, cleanup) {
  const result = job.result;
  const chartPlace = h("div");
  const comparePlace = h("div");
  const compare = makeComparison(comparePlace, job, cleanup);
  const worst = h("div", { class: "row middle small" }, h("span", { class: "muted" }, "Worst frames:"), result.worst.map((one) => h(
    "button", { type: "button", onclick: () => compare(one.time) }, `${one.score.toFixed(1)} at ${clock(one.time)}`,
  )));
  place.append(h(
    "section", { class: "card" },
    h("h2", null, "VMAF"),
    h("div", { class: "figures" }, POOLED.map(([name, label]) => h("div", null, h("b", null, result.pooled[name]?.toFixed(1) ?? "–"), h("span", null, label)))),
    chartPlace,
    worst,
    h("details", null, h("summary", { class: "small" }, "How the videos were matched"), facts(alignmentFacts(result))),
  ), comparePlace);
  drawScores(chartPlace, job, compare, cleanup);
}

function alignmentFacts({ alignment, model, frames, features }) {
  const { frame_rate: rate = {}, size = {} } = alignment;
  return [
    ["Model", model], ["Frames", frames], ["Alignment", alignment.status],
    ["Offset", alignment.offset_frames ? `${alignment.offset_frames} frames` : null],
    ["Size", size.reference && `${size.reference} and ${size.distorted}, compared at ${size.compared}`],
    ["Frame rate", rate.reference && `${rate.reference} and ${rate.distorted}, compared at ${rate.compared}`],
    ...Object.entries(features ?? {}).map(([name, pooled]) => [name, pooled && `mean ${pooled.mean.toFixed(2)}`]),
  ];
}

async function drawScores(place, job, compare, cleanup) {
  const { result } = job;
  const output = (result.outputs ?? []).find((one) => one.name === result.output);
  const url = output && outputAddress(output);
  if (!url || job.outputs_removed) {
    return replace(place, h("p", { class: "muted small" }, 'The scores over time are shown for jobs with "output": "vmaf.json".'));
  }
  try {
    const response = await fetch(url, { signal: cleanup.signal, cache: "no-store" });
    const log = await response.json();
    const fps = result.alignment.frame_rate?.compared ?? 25;
    const points = log.frames.map((frame) => ({ time: frame.frameNum / fps, score: frame.metrics.vmaf }));
    showChart(place, points.filter((point) => Number.isFinite(point.score)), { worst: result.worst, mean: result.pooled.mean, onChoose: compare });
  } catch (error) {
    if (error.name !== "AbortError") replace(place, h("p", { class: "note" }, "The scores of the frames cannot be read."));
  }
}

// The names of both videos are in the plan of the job; a comparison begins when a frame is chosen.
function makeComparison(place, job, cleanup) {
  let open = null;
  return async (time) => {
    open ??= getJson(`api/jobs/${encodeURIComponent(job.id)}/plan`, { signal: cleanup.signal }).then((plan) => {
      const [reference, distorted = reference] = plan.inputs.filter((input) => input.is_media);
      return showComparison(place, { reference, distorted, result: job.result, signal: cleanup.signal });
    });
    const show = await open;
    await show(time);
    place.scrollIntoView({ block: "nearest" });
  };
}
