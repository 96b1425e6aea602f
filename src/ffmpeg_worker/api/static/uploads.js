// Uploads files into the data root of the worker, whose names can then be used as inputs.

import { address, getJson, keyHeaders } from "./api.js";
import { h, replace } from "./dom.js";
import { bytes } from "./format.js";

export function makeUploads({ onUpload }) {
  const list = h("ul", { class: "uploads" });
  const picker = h("input", { type: "file", multiple: true, "aria-label": "Files to upload", onchange: () => (take(picker.files), (picker.value = "")) });
  const folder = h("input", { size: 10, placeholder: "folder", "aria-label": "Folder in the data root, optional" });
  const box = h("div", { class: "drop" }, picker, folder, h("span", { class: "muted small" }, "or drop files here"));

  function take(files) {
    for (const file of files) uploadOne(file, folder.value.trim().replace(/\/+$/, ""), list, onUpload);
  }

  box.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("over");
  });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    take(event.dataTransfer.files);
  });
  return h("div", null, box, list);
}

function uploadOne(file, folder, list, onUpload) {
  const name = folder ? `${folder}/${file.name}` : file.name;
  const bar = h("progress", { max: Math.max(file.size, 1), value: 0, "aria-label": `Upload of ${name}` });
  const state = h("span", { class: "small muted", role: "status" }, bytes(file.size));
  const stop = h("button", { type: "button", class: "quiet small", onclick: () => request.abort() }, "Stop");
  const row = h("li", null, h("span", { class: "mono" }, name), bar, state, stop);
  list.append(row);

  // `fetch` tells nothing about the progress of an upload.
  const request = new XMLHttpRequest();
  request.open("PUT", address(`api/files/${name.split("/").map(encodeURIComponent).join("/")}`));
  for (const [header, value] of Object.entries(keyHeaders())) request.setRequestHeader(header, value);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.onprogress = (event) => (bar.value = event.loaded);
  request.onload = () => {
    bar.remove();
    stop.remove();
    if (request.status < 300) {
      state.textContent = `uploaded, ${bytes(file.size)}`;
      onUpload(name);
    } else {
      replace(state, h("span", { class: "problem" }, describeFailure(request)));
    }
  };
  request.onerror = () => (bar.remove(), stop.remove(), (state.textContent = "The upload was cut off. Try again."));
  request.onabort = () => row.remove();
  request.send(file);
}

function describeFailure(request) {
  try {
    const { error, hint } = JSON.parse(request.responseText);
    return [error, hint].filter(Boolean).join(" ");
  } catch {
    return `The answer was ${request.status}.`;
  }
}

// The newest names in the data root as buttons; a server without that route has no list.
export async function listFiles(place, onChoose, signal) {
  try {
    const { files } = await getJson("api/files?limit=30", { signal });
    replace(place, files.length > 0 && h("details", null, h("summary", { class: "small" }, "Files of the data root"), h("p", { class: "chips" }, files.map(
      ({ name, size }) => h("button", { type: "button", class: "chip", title: bytes(size), onclick: () => onChoose(name) }, name),
    ))));
  } catch {
    replace(place);
  }
}
