// A chart of scores over time: the mean and the range of the frames that share a column of pixels.

import { h, replace, svg } from "./dom.js";
import { clock } from "./format.js";

const HEIGHT = 240;
const LEFT = 34;
const BOTTOM = 20;
const TOP = 8;

// Draws the chart, and again when its width changes.
export function showChart(place, points, options) {
  if (!points.length) return;
  let width = 0;
  new ResizeObserver(() => {
    if (place.clientWidth === width || !place.isConnected) return;
    width = place.clientWidth;
    draw(place, points, options, width);
  }).observe(place);
}

function draw(place, points, { worst, mean, onChoose }, width) {
  const end = Math.max(points.at(-1).time, 1e-6);
  const low = Math.max(0, Math.floor((Math.min(...worst.map((one) => one.score), lowest(points)) - 5) / 10) * 10);
  const x = (time) => LEFT + (time / end) * (width - LEFT - 6);
  const y = (score) => TOP + (1 - (score - low) / (100 - low)) * (HEIGHT - TOP - BOTTOM);
  const columns = collect(points, x);
  const cursor = svg("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, x1: LEFT, x2: LEFT, visibility: "hidden" });
  const reading = h("p", { class: "reading small" }, "Move over the chart, or use the arrow keys, to read a frame. Enter compares it.");
  const drawing = svg(
    "svg", {
      viewBox: `0 0 ${width} ${HEIGHT}`, tabindex: "0", role: "slider", "aria-label": "VMAF over time",
      "aria-valuemin": 0, "aria-valuemax": end.toFixed(2), "aria-valuenow": 0,
    },
    ...gridLines(low, y, end, x, width),
    svg("path", { class: "band", d: bandPath(columns, y) }),
    svg("path", { class: "curve", d: columns.map(({ left, sum, count }, index) => `${index ? "L" : "M"}${left} ${y(sum / count).toFixed(1)}`).join("") }),
    svg("line", { class: "mean", x1: LEFT, x2: width - 6, y1: y(mean), y2: y(mean) }),
    ...worst.map((one) => svg("ellipse", { class: "worst", cx: x(one.time), cy: y(one.score), rx: 4, ry: 4 })),
    cursor,
  );
  let index = 0;

  function read(next) {
    index = Math.min(Math.max(next, 0), points.length - 1);
    const { time, score } = points[index];
    cursor.setAttribute("visibility", "visible");
    cursor.setAttribute("x1", x(time));
    cursor.setAttribute("x2", x(time));
    const text = `${clock(time)}  VMAF ${score.toFixed(2)}  frame ${index}`;
    reading.textContent = text;
    drawing.setAttribute("aria-valuenow", time.toFixed(2));
    drawing.setAttribute("aria-valuetext", text);
  }

  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const time = (((event.clientX - box.left) / box.width) * width - LEFT) / (width - LEFT - 6) * end;
    read(nearest(points, time));
  });
  drawing.addEventListener("click", () => onChoose(points[index].time));
  drawing.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -25, PageUp: 25, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Enter") onChoose(points[index].time);
    else if (step === undefined) return;
    else read(index + step);
    event.preventDefault();
  });
  replace(place, h("div", { class: "chart" }, drawing, reading));
}

function lowest(points) {
  return points.reduce((least, { score }) => Math.min(least, score), 100);
}

function collect(points, x) {
  const columns = new Map();
  for (const { time, score } of points) {
    const left = Math.round(x(time));
    const column = columns.get(left) ?? { left, least: 101, most: -1, sum: 0, count: 0 };
    column.least = Math.min(column.least, score);
    column.most = Math.max(column.most, score);
    column.sum += score;
    column.count += 1;
    columns.set(left, column);
  }
  return [...columns.values()];
}

function bandPath(columns, y) {
  const over = columns.map(({ left, most }) => `${left} ${y(most).toFixed(1)}`);
  const under = columns.map(({ left, least }) => `${left} ${y(least).toFixed(1)}`).reverse();
  return `M${[...over, ...under].join("L")}Z`;
}

function gridLines(low, y, end, x, width) {
  const lines = [];
  const step = 100 - low > 50 ? 20 : 10;
  for (let score = low; score <= 100; score += step) {
    lines.push(svg("line", { class: "grid-line", x1: LEFT, x2: width - 6, y1: y(score), y2: y(score) }));
    lines.push(svg("text", { x: LEFT - 6, y: y(score) + 4, "text-anchor": "end" }, String(score)));
  }
  for (let part = 0; part <= 4; part += 1) {
    const time = (end * part) / 4;
    const anchor = part === 0 ? "start" : part === 4 ? "end" : "middle";
    lines.push(svg("text", { x: x(time), y: HEIGHT - 5, "text-anchor": anchor }, clock(time)));
  }
  return lines;
}

function nearest(points, time) {
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].time < time) low = middle + 1;
    else high = middle;
  }
  return low > 0 && time - points[low - 1].time < points[low].time - time ? low - 1 : low;
}
