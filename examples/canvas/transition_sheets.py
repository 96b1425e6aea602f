"""Draw the contact sheets of docs/transitions.md: `python examples/canvas/transition_sheets.py [FOLDER]`.

Each row shows moments of one transition: between two pictures, or of a small layer that appears.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pictures as draw
import resvg_py
from PIL import Image, ImageDraw, ImageFont

from ffmpeg_worker.composition.read_compositions import read_compositions
from ffmpeg_worker.composition.transitions import TRANSITIONS
from ffmpeg_worker.fonts import FOLDER as FONTS
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.raster.draw_frames import draw_frames
from ffmpeg_worker.scene.resolve import resolve

_FOLDER = Path(__file__).parents[2] / "docs/images"
_SIZES = {"16x9": (640, 360), "9x16": (360, 640), "1x1": (400, 400)}
_THUMBS = {"16x9": (96, 54), "9x16": (54, 96), "1x1": (72, 72)}
_MOMENTS = (0.1, 0.3, 0.5, 0.7, 0.9)
_FPS = 100
_COLUMNS = 2
_LABEL = 20
_GAP = 3
_PAPER, _INK = "#101014", "#e8e8ee"

_Layer = dict[str, Any]


def draw_sheets(folder: Path) -> None:
    """Draw every sheet."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(TRANSITIONS)
    for shape in _SIZES:
        _draw_sheet(shape, names, folder / f"transitions-{shape}.webp", of_layer=False)
    _draw_sheet("16x9", names, folder / "transitions-of-layers.webp", of_layer=True)


def _draw_sheet(shape: str, names: Sequence[str], path: Path, *, of_layer: bool) -> None:
    """Draw a dark, a bright and a busy picture in turn, and save the sheet."""
    width, height = _THUMBS[shape]
    row_width, row_height = len(_MOMENTS) * (width + _GAP) + 3 * _GAP, height + _LABEL + _GAP
    per_column = -(-len(names) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * row_width - 3 * _GAP, per_column * row_height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(FONTS / "Inter.ttf"), 13)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _draw_pictures(folder, _SIZES[shape])
        for number, name in enumerate(names):
            x, y = number // per_column * row_width, number % per_column * row_height
            pen.text((x + 2, y + 2), name, _INK, font)
            pair = (f"{number % 3}.png", f"{(number + 1) % 3}.png")
            layers = _card(name, pair[0]) if of_layer else _cut(name, pair)
            for frame in _frames(layers, _SIZES[shape], folder):
                sheet.paste(frame.resize((width, height), Image.Resampling.LANCZOS), (x, y + _LABEL))
                x += width + _GAP
    sheet.save(path, quality=50, method=6)
    print(f"{path.name}: {sheet.width}x{sheet.height}, {path.stat().st_size // 1024} kB")  # noqa: T201


def _cut(name: str, pair: tuple[str, str]) -> list[_Layer]:
    enter = {"type": name, "duration": 1, "overlap": True}
    return [
        {"type": "image", "src": pair[0], "duration": 2},
        {"type": "image", "src": pair[1], "start": "auto", "duration": 2, "transition": {"in": enter}},
    ]


def _card(name: str, picture: str) -> list[_Layer]:
    parts = [
        {"type": "shape", "fill": "#f5d547", "radius": 24},
        {"type": "text", "text": "Save 20 %", "style": {"font_size": 56, "color": "#1a1a2e", "font_weight": 700}},
    ]
    box = {"width": "60%", "height": "36%", "x": "20%", "y": "32%", "start": 1, "duration": 2}
    card = {"type": "group", **box, "layers": parts, "transition": {"in": {"type": name, "duration": 1}}}
    return [{"type": "image", "src": picture, "duration": 3}, card]


def _frames(layers: list[_Layer], size: tuple[int, int], folder: Path) -> list[Image.Image]:
    """Draw the moments of a transition that lasts from the first to the second second."""
    width, height = size
    composition = read_compositions({"width": width, "height": height, "fps": _FPS, "layers": layers})[0]
    picture = MediaInfo("png_pipe", (StreamInfo("video", "png", width=width, height=height),))
    scene = resolve(composition, {f"{number}.png": picture for number in range(3)}, file_of=str).scene
    frames = []
    for moment in _MOMENTS:
        number = round((1 + moment) * _FPS)
        pixels = b"".join(
            draw_frames(scene, range(number, number + 1), folder, is_transparent=True, threads=1, on_warning=print)
        )
        frames.append(Image.frombytes("RGBA", size, pixels).convert("RGB"))
    return frames


def _draw_pictures(folder: Path, size: tuple[int, int]) -> None:
    """Draw a dark, a bright and a busy picture."""
    width, height = size
    town = draw.skyline(width, height, "#e9dcc9", "#3f6fb0", 0.05, 4)
    sky = draw.rect(0, 0, width, height, "#ff9d5c")
    leaves = draw.body(draw.dots(width, height, draw.FOREST, 3))
    for number, drawing in enumerate(
        (
            draw.landscape(width, height, draw.NIGHT, 3),
            draw.landscape(width, height, draw.WINTER, 5),
            draw.svg(width, height, sky, draw.body(town), leaves),
        )
    ):
        (folder / f"{number}.png").write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=drawing)))


if __name__ == "__main__":
    draw_sheets(Path(sys.argv[1]) if len(sys.argv) > 1 else _FOLDER)
