// Numbers, times and states as people read them.

import { h } from "./dom.js";

export const FINAL = new Set(["succeeded", "failed", "cancelled"]);

export function bytes(count) {
  if (count === undefined || count === null) return "";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  while (count >= 1024 && index < units.length - 1) {
    count /= 1024;
    index += 1;
  }
  return `${index === 0 ? count : count.toFixed(count < 10 ? 2 : 1)} ${units[index]}`;
}

export function seconds(value) {
  if (value === undefined || value === null || !Number.isFinite(value)) return "";
  if (value < 60) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  const whole = Math.round(value);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${rest} s`;
}

export function clock(value) {
  const whole = Math.max(0, value);
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${(whole % 60).toFixed(2).padStart(5, "0")}`;
}

export function time(text) {
  if (!text) return "";
  const date = new Date(text);
  const isToday = date.toDateString() === new Date().toDateString();
  const shown = isToday
    ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })
    : date.toLocaleString([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return h("time", { datetime: text, title: date.toLocaleString(), class: "nowrap" }, shown);
}

export function duration(job) {
  if (!job.started_at) return "";
  const end = job.ended_at ? new Date(job.ended_at) : new Date();
  return seconds(Math.max(0, (end - new Date(job.started_at)) / 1000));
}

export function status(name) {
  return h("span", { class: `status ${name}` }, name);
}

export function progressBar(job, label = "Progress") {
  const { percent = 0, stage = "waiting", eta_s: eta } = job.progress ?? {};
  const rest = eta === undefined ? "" : `, ${seconds(eta)} left`;
  return h(
    "div", { class: "bar" },
    h("progress", { max: 100, value: percent, "aria-label": label }),
    h("span", null, `${percent.toFixed(percent < 100 ? 1 : 0)} % ${stage}${rest}`),
  );
}

export function facts(entries) {
  const known = entries.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return h("dl", { class: "facts" }, known.map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));
}

export function mediaText(media) {
  if (!media) return "";
  const size = media.width ? `${media.width}×${media.height}` : null;
  const rate = media.fps ? `${media.fps} fps` : null;
  const length = media.duration === undefined ? null : seconds(media.duration);
  const sound = media.sample_rate ? `${media.sample_rate / 1000} kHz` : null;
  return [size, rate, length, sound, media.codecs?.join(", ")].filter(Boolean).join(" · ");
}
