// The log of a job, read while its commands write it.

import { getJson } from "./api.js";
import { h, replace } from "./dom.js";
import { FINAL } from "./format.js";

const MAX_ENTRIES = 2000;
const PAUSE_MS = 700;
// The last lines are stored a moment after the end of the job.
const LAST_LOOKS = 4;
const WRONG = /\[(error|fatal|panic)\]|^Error|\berror\b:/i;

export async function followLog(place, id, cleanup) {
  const token = {};
  place.token = token;
  const box = h("div", { class: "log mono", tabindex: "0", role: "log", "aria-label": "Log of the commands" });
  const card = h("section", { class: "card" }, h("h2", null, "Log"), box);
  replace(place);
  let after = 0;
  let looks = 0;
  const isCurrent = () => !cleanup.isOver && place.token === token;
  try {
    while (isCurrent()) {
      const page = await getJson(`api/jobs/${encodeURIComponent(id)}/log?after=${after}`, {
        headers: after ? { Prefer: "wait=20" } : {},
        signal: cleanup.signal,
      });
      if (!isCurrent()) return;
      if (page.log.length) {
        if (!card.isConnected) replace(place, card);
        append(box, page.log);
      } else if (FINAL.has(page.status) && (looks += 1) > LAST_LOOKS) {
        return;
      } else if (FINAL.has(page.status) || !after) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      after = page.last;
    }
  } catch {
    // The job's own page tells when it cannot be read.
  }
}

function append(box, entries) {
  const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  for (const { text } of entries) {
    for (const line of text.replace(/\n$/, "").split("\n")) {
      const kind = line.startsWith("$ ") ? "command" : WRONG.test(line) ? "wrong" : null;
      box.append(h("div", { class: kind }, line || "\u00a0"));
    }
  }
  while (box.children.length > MAX_ENTRIES) box.firstElementChild.remove();
  if (isAtEnd) box.scrollTop = box.scrollHeight;
}
