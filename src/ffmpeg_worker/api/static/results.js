// Media information and measurements of a result.

import { h } from "./dom.js";
import { bytes, facts, seconds } from "./format.js";

const SHOWN = ["codec_long_name", "profile", "pix_fmt", "avg_frame_rate", "sample_rate", "channel_layout", "bit_rate", "duration", "color_space"];

export function showMediaInformation(place, found) {
  const format = found.format ?? {};
  const tags = Object.entries(format.tags ?? {});
  place.append(h(
    "section", { class: "card" },
    h("h2", null, "Media information"),
    facts([
      ["Format", format.format_long_name ?? format.format_name],
      ["Length", format.duration && seconds(Number(format.duration))],
      ["Size", format.size && bytes(Number(format.size))],
      ["Bit rate", format.bit_rate && `${Math.round(Number(format.bit_rate) / 1000)} kbit/s`],
      ...tags.map(([name, value]) => [name, String(value)]),
    ]),
    (found.streams ?? []).map((stream) => [
      h("h3", null, `Stream ${stream.index}: ${stream.codec_type ?? "data"} ${stream.codec_name ?? ""}`),
      facts([
        ["Picture", stream.width && `${stream.width}×${stream.height}`],
        ...SHOWN.map((name) => [name, stream[name]]),
        ...Object.entries(stream.tags ?? {}).map(([name, value]) => [name, String(value)]),
      ]),
    ]),
    h("details", null, h("summary", { class: "small" }, "As JSON"), h("pre", { class: "log", tabindex: "0" }, JSON.stringify(found, null, 2))),
  ));
}

export function showMeasurements(place, result) {
  const reports = [result, ...(result.results ?? [])];
  const measurements = reports.flatMap((report) => report.measurements ?? []);
  const remarks = result.remarks ?? [];
  if (measurements.length) {
    place.append(h("section", { class: "card" }, h("h2", null, "Measurements"), measurements.map((one) => [
      h("h3", null, one.filter),
      h("pre", { class: "code-box" }, JSON.stringify(Object.fromEntries(Object.entries(one).filter(([name]) => name !== "filter" && name !== "command")), null, 2)),
    ])));
  }
  if (remarks.length) {
    place.append(h("section", { class: "card" }, h("h2", null, "Remarks"), h("ul", { class: "remarks" }, remarks.map(
      (remark) => h("li", null, h("span", { class: "mono small" }, remark.where), " ", remark.message, " ", h("span", { class: "muted" }, remark.hint ?? "")),
    ))));
  }
}
