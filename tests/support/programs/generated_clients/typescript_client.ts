// Sends minimal jobs with the types that were generated from the OpenAPI document.
// Its argument is the URL of the server.
import createClient from "openapi-fetch";
import type { paths } from "./ffmpeg-worker.d.ts";

declare const process: { argv: string[] };

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });
const source = "-f lavfi -i testsrc=duration=1:size=128x72:rate=10";

function expect<T>(result: { data?: T; error?: { error: string } }): NonNullable<T> {
  if (result.data === undefined || result.data === null) throw new Error(result.error?.error ?? "no result");
  return result.data;
}

const made = expect(await client.POST("/api/ffmpeg/process", { body: { chainCmds: `ffmpeg ${source} made.mp4` } }));
console.log(...made.outputs.map((output) => output.name), JSON.stringify(made.warnings));

const processes = [64, 32].map((width) => ({ chainCmds: ["-i", "made.mp4", "-vf", `scale=${width}:-2`, `${width}.mp4`] }));
const many = expect(await client.POST("/api/ffmpeg/multi_process", { body: { processes } }));
console.log(many.succeeded, many.failed, JSON.stringify(many.results.map((report) => report.success)));

const media = expect(await client.POST("/api/ffmpeg/probe", { body: { input: "made.mp4" } }));
console.log(JSON.stringify(media.streams?.map((stream) => stream.width)));

const film = expect(
  await client.POST("/api/canvas/process", {
    body: { json: { width: 64, height: 36, layers: [{ type: "shape" }, { type: "text", text: "Hello", duration: 0.5 }] } },
  }),
);
console.log(film.width, film.height, film.duration);

const { error } = await client.POST("/api/ffmpeg/probe", { body: { input: "missing.mp4" } });
console.log(error?.code);
