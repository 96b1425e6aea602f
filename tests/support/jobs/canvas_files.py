"""Compositions that contain every kind of layer, and the files that they use."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import ffmpeg_worker.fonts
from support.media.sources import make, make_clip

_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><circle r="15" fill="red"/></svg>'
_FONT = ffmpeg_worker.fonts.FOLDER
SHAPE: dict[str, Any] = {"type": "shape", "shape": "rect", "width": 10, "height": 10}
SOUND: dict[str, Any] = {"type": "audio", "src": "song.mp3"}
EVERYTHING: tuple[dict[str, Any], ...] = (
    {"type": "video", "src": "film.mp4", "id": "film"},
    {"type": "video", "src": "alpha.webm", "width": 32, "height": 32},
    {"type": "image", "src": "logo.png", "width": 30, "blur": 2, "rotation": 10},
    {"type": "image", "src": "photo.jpg", "width": 30, "blend": "multiply"},
    {"type": "image", "src": "moving.gif", "width": 30, "x": 0, "y": 0},
    {"type": "image", "src": "moving.webp", "width": 30, "x": 50, "y": 0},
    {"type": "image", "src": "icon.svg", "width": 30, "x": 100, "y": 0},
    {"type": "waveform", "src": "song.mp3", "height": 20},
    {"type": "text", "text": "Hé א 👋 नमस्ते", "style": {"font_family": "Mine"}},
    {"type": "text", "text": "x", "style": {"font_weight": 900, "font_style": "italic"}},
    {"type": "subtitles", "src": "words.srt", "style": {"preset": "karaoke"}},
    {"type": "group", "rotation": 5, "layers": [{"type": "text", "text": "within"}]},
    {**SHAPE, "fill": {"gradient": ["#f00", "#00f"]}, "transition": {"in": {"type": "radial", "duration": 0.3}}},
    SOUND,
)


def make_files(folder: Path) -> None:
    """Write the files that `EVERYTHING` uses, each in another format."""
    make_clip(folder / "film.mp4", seconds=1)
    source = ("-f", "lavfi", "-i")
    clear = ("-f", "lavfi", "-i", "color=red@0.5:s=64x64:d=0.5,format=yuva420p", "-c:v", "libvpx-vp9")
    make(folder / "alpha.webm", *clear, "-cpu-used", "8")
    for name in ("logo.png", "photo.jpg"):
        make(folder / name, *source, "testsrc=s=64x32", "-frames:v", "1")
    make(folder / "moving.gif", *source, "testsrc=s=32x32:d=0.4:r=10")
    make(folder / "moving.webp", *source, "testsrc=s=32x32:d=0.4:r=10", "-c:v", "libwebp_anim")
    make(folder / "song.mp3", *source, "sine=d=1")
    (folder / "icon.svg").write_text(_SVG)
    (folder / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello there\n")
    shutil.copy(next(_FONT.glob("*.ttf")), folder / "font.ttf")


def composition(*layers: dict[str, Any], **canvas: Any) -> dict[str, Any]:
    """A composition of three small frames with the given layers."""
    return {"width": 64, "height": 36, "fps": 10, "duration": 0.3, **canvas, "layers": list(layers)}


def everything(**canvas: Any) -> dict[str, Any]:
    """A composition of five frames with every kind of layer."""
    size = {"width": 160, "height": 90, "fps": 10, "duration": 0.5}
    return {**size, **canvas, "fonts": [{"family": "Mine", "src": "font.ttf"}], "layers": list(EVERYTHING)}


def canvas(composed: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A job that renders a composition to a video."""
    return {"action": "canvas", "data": {"json": composed, "output": "o.mp4", **data}, "timeout": 60}


def preview(composed: dict[str, Any], t: float = 0.0) -> dict[str, Any]:
    """A job that renders one frame of a composition."""
    return {"action": "canvas_preview", "data": {"json": composed, "t": t}, "timeout": 60}
