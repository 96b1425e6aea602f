"""Draws the pictures of docs/presets.md: frames of the inputs of a preset, and of its result."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pictures as draw
import resvg_py
import things
from frame_strip import join_frames
from gallery_entries import Recipe
from PIL import Image

from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.services import Services

_HEIGHT = 400
_IMAGES = {".jpg", ".jpeg", ".png", ".webp"}


def make_recipe_media(into: Path) -> None:
    """Make what only presets are for: shaky, interlaced and HDR video, and a logo as PNG."""
    (into / "logo.png").write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=things.logo())))
    shake = "crop=1088:612:'96+60*sin(t*11)+30*sin(t*23)':'54+34*sin(t*13)+18*sin(t*29)',scale=1280:720"
    still = ("-loop", "1", "-framerate", "30", "-t", "4", "-i", "photo-4.jpg")
    x264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-pix_fmt", "yuv420p")
    _ffmpeg(into, *still, "-vf", f"scale=1280:854,crop=1280:720,{shake}", *x264, "shaky.mp4")
    fields = "setpts=PTS/4,fps=50,scale=426:240,tinterlace=interleave_top,setfield=tff"
    _ffmpeg(into, "-i", "road.mp4", "-vf", fields, *x264, "-flags", "+ilme+ildct", "-an", "interlaced.mp4")
    wide = (
        "zscale=pin=bt709:tin=bt709:min=bt709:rin=tv:p=bt709:t=linear:npl=600,format=gbrpf32le,"
        "zscale=p=bt2020:t=smpte2084:m=bt2020nc:r=tv:npl=600,format=yuv420p10le"
    )
    x265 = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "16", "-x265-params", "log-level=error")
    tags = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    _ffmpeg(into, "-t", "1", "-i", "tall.mp4", "-vf", wide, *x265, *tags, "-an", "hdr.mp4")


async def draw_recipe(services: Services, recipe: Recipe, folder: Path) -> Image.Image:
    """Run the preset, and place frames of its inputs beside those of its result."""
    inputs = [folder / "media" / name for name in recipe.inputs]
    names = {f"in_{number}": str(path) for number, path in enumerate(inputs, start=1)}
    data = {"preset": recipe.name, **recipe.data}
    result = (await services.run(parse_job({"action": "process", "inputs": names, "data": data}))).as_json()
    made = Path(result["outputs"][0]["path"])
    before = [_show(inputs[number], second, recipe.mean) for number, second in recipe.before]
    after = [_show(made, second, recipe.mean) for second in recipe.after]
    return _beside(before, after)


def _beside(before: Sequence[Image.Image], after: Sequence[Image.Image]) -> Image.Image:
    return join_frames([*before, _arrow(), *after], ["before", *[""] * len(before), "after"], width=1100)


def _arrow() -> Image.Image:
    """A sign between what goes in and what comes out, seen on light and dark pages."""
    line = 'stroke="#8b8f98" stroke-width="10" stroke-linecap="round" stroke-linejoin="round"'
    drawing = draw.svg(90, _HEIGHT, draw.path(f"M16 {_HEIGHT / 2} h58 m-24 -24 l24 24 l-24 24", "none", line))
    return _open(bytes(resvg_py.svg_to_bytes(svg_string=drawing)))


def _open(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGBA")


def _show(path: Path, second: float, mean: int) -> Image.Image:
    """Decode the frame of a file at a time, or the mean of some frames from then on; sounds are a note."""
    if path.suffix in _IMAGES:
        with Image.open(path) as image:
            return image.convert("RGBA")
    if path.suffix in {".m4a", ".wav", ".mp3"}:
        return _note()
    frames = [frame.to_ndarray(format="rgb24").astype(np.float32) for frame in islice(_frames(path, second), mean)]
    return Image.fromarray(np.mean(frames, axis=0).round().astype(np.uint8)).convert("RGBA")


def _frames(path: Path, second: float) -> Iterator[av.VideoFrame]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 25)
        yield from (frame for frame in container.decode(stream) if (frame.time or 0) >= second - 0.5 / rate)


def _note() -> Image.Image:
    """Draw what stands for a sound."""
    drawing = draw.svg(
        400, 400,
        draw.rect(0, 0, 400, 400, "#1f2430", 0),
        draw.path("M170 280 V120 L290 92 V252", "none", 'stroke="#e8e8ee" stroke-width="14" stroke-linejoin="round"'),
        draw.circle(140, 280, 32, "#e8e8ee") + draw.circle(260, 252, 32, "#e8e8ee"),
    )  # fmt: skip
    return _open(bytes(resvg_py.svg_to_bytes(svg_string=drawing)))


def _ffmpeg(folder: Path, *arguments: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *arguments]
    subprocess.run(command, cwd=folder, check=True)
