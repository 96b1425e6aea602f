// Bundles CodeMirror for the dashboard: `npm ci && npm run build` in this folder. The result is committed.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const folder = new URL("../src/ffmpeg_worker/api/static/vendor/", import.meta.url);
const packages = [
  "@codemirror/autocomplete", "@codemirror/commands", "@codemirror/lang-json", "@codemirror/language",
  "@codemirror/lint", "@codemirror/search", "@codemirror/state", "@codemirror/view", "@lezer/common",
  "@lezer/highlight", "@lezer/json", "@lezer/lr", "@marijn/find-cluster-break", "crelt", "style-mod", "w3c-keyname",
];
const read = (name, file) => readFileSync(new URL(`node_modules/${name}/${file}`, import.meta.url), "utf8");
const versions = packages.map((name) => `${name} ${JSON.parse(read(name, "package.json")).version}`);

mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [new URL("editor.js", import.meta.url).pathname],
  outfile: new URL("codemirror.js", folder).pathname,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  banner: { js: "/* CodeMirror, MIT licence: see codemirror.LICENSE */" },
});
const licences = new Map();
for (const name of packages) {
  const text = read(name, "LICENSE").trim();
  licences.set(text, [...(licences.get(text) ?? []), versions[packages.indexOf(name)]]);
}
const parts = [...licences].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`);
writeFileSync(new URL("codemirror.LICENSE", folder), parts.join("\n----\n\n"));
