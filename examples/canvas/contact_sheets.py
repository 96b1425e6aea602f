"""Draw the contact sheets of docs/captions.md: `python examples/canvas/contact_sheets.py [FOLDER]`.

Each sheet shows presets of captions and texts, or animations, on a dark, a bright and a busy picture.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pictures as draw
import resvg_py
from PIL import Image, ImageDraw, ImageFont

from ffmpeg_worker.composition.read_compositions import read_compositions
from ffmpeg_worker.composition.text_presets import PRESETS
from ffmpeg_worker.fonts import FOLDER as FONTS
from ffmpeg_worker.raster.draw_frames import draw_frames
from ffmpeg_worker.scene.resolve import resolve

_FOLDER = Path(__file__).parents[2] / "docs/images"
_SIZES = {"16x9": (1920, 1080), "9x16": (1080, 1920), "1x1": (1080, 1080)}
_CAPTIONS = ("outline", "box", "karaoke", "word", "word-box", "appear")
_TEXTS = ("plain", "title", "quote", "neon")
_ANIMATIONS = ("fade", "typewriter", "slide-up", "slide-down", "pop", "wave")
_FPS = 30
_SPOKEN = "We packed far too much and saw the sun go down"
_SPOKEN_S = 2.6
_LABEL = 30
_GAP = 6
_PAPER, _INK = "#101014", "#e8e8ee"

_Layer = dict[str, Any]


def draw_sheets(folder: Path) -> None:
    """Draw every sheet."""
    folder.mkdir(parents=True, exist_ok=True)
    for shape in _SIZES:
        _save(_draw_looks(shape, _CAPTIONS, _caption, 1.55), folder / f"captions-{shape}.webp")
        _save(_draw_looks(shape, _TEXTS, _text, 0.0), folder / f"texts-{shape}.webp")
    _save(_draw_motion(_CAPTIONS[2:], _caption, 0.8, 1.25, 1 / 15), folder / "captions-motion.webp")
    _save(_draw_motion(_ANIMATIONS, _animated, 0.5, 0.1, 0.13), folder / "text-animations.webp")


def _caption(preset: str) -> _Layer:
    words = _SPOKEN.split()
    step = _SPOKEN_S / len(words)
    spoken = [{"text": word, "start": n * step, "end": (n + 1) * step} for n, word in enumerate(words)]
    cue = {"start": 0, "end": 4, "text": _SPOKEN, "words": spoken}
    return {"type": "subtitles", "style": {"preset": preset}, "cues": [cue]}


def _text(preset: str) -> _Layer:
    return {"type": "text", "text": "Three days in the hills with nobody else", "style": {"preset": preset}}


def _animated(animation: str) -> _Layer:
    by = "letter" if animation in {"typewriter", "wave"} else "word"
    return {
        "type": "text",
        "text": "Three days in the hills",
        "style": {"preset": "title"},
        "animation": {"type": animation, "by": by, "stagger": 0.03 if by == "letter" else 0.12},
    }


def _draw_looks(shape: str, names: Sequence[str], layer: Callable[[str], _Layer], time_s: float) -> Image.Image:
    """Draw one row for each picture and one column for each name; wide pictures the other way around."""
    size = _SIZES[shape]
    thumb = {"16x9": (400, 225), "9x16": (207, 368), "1x1": (220, 220)}[shape]
    pictures = list(_pictures(*size))
    cells = [
        _over(picture, overlay, thumb)
        for (overlay, picture) in product((next(_frames(layer(name), size, [time_s])) for name in names), pictures)
    ]
    rows = [cells[start : start + 3] for start in range(0, len(cells), 3)]
    if shape == "16x9":
        return _grid(rows, [*names], beside=True)
    return _grid([list(column) for column in zip(*rows, strict=True)], [*names], beside=False)


def _draw_motion(
    names: Sequence[str], layer: Callable[[str], _Layer], middle: float, start_s: float, step_s: float
) -> Image.Image:
    """Draw one row of times for each name: the part of the picture around `middle`, a share of its height."""
    width, height = _SIZES["16x9"]
    pictures = list(_pictures(width, height))
    times = [start_s + step_s * number for number in range(6)]
    half = width * 0.76 / 7
    part = (width * 0.12, height * middle - half, width * 0.88, height * middle + half)
    rows = []
    for number, name in enumerate(names):
        overlays = _frames(layer(name), (width, height), times)
        rows.append([_over(pictures[number % 3], overlay, (287, 82), part) for overlay in overlays])
    return _grid(rows, [*names], beside=True)


def _frames(layer: _Layer, size: tuple[int, int], times: Sequence[float]) -> Iterator[Image.Image]:
    """Draw a layer on nothing at some times."""
    width, height = size
    canvas = {"width": width, "height": height, "fps": _FPS, "duration": 4, "background": "transparent"}
    composition = read_compositions({**canvas, "layers": [layer]})[0]
    scene = resolve(composition, {}, file_of=str).scene
    for time_s in times:
        number = round(time_s * _FPS)
        pixels = b"".join(
            draw_frames(scene, range(number, number + 1), Path(), is_transparent=True, threads=1, on_warning=print)
        )
        yield Image.frombytes("RGBA", size, pixels)


def _pictures(width: int, height: int) -> Iterator[Image.Image]:
    """Draw a dark, a bright and a busy picture."""
    town = draw.skyline(width, height, "#e9dcc9", "#3f6fb0", 0.05, 4)
    sky = draw.rect(0, 0, width, height, "#ff9d5c")
    leaves = draw.body(draw.dots(width, height, draw.FOREST, 3))
    for drawing in (
        draw.landscape(width, height, draw.NIGHT, 3),
        draw.landscape(width, height, draw.WINTER, 5),
        draw.svg(width, height, sky, draw.body(town), leaves),
    ):
        with Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=drawing)))) as image:
            yield image.convert("RGBA")


def _over(
    picture: Image.Image,
    overlay: Image.Image,
    size: tuple[int, int],
    part: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    whole = Image.alpha_composite(picture, overlay).convert("RGB")
    return whole.resize(size, Image.Resampling.LANCZOS, box=part)


def _grid(rows: Sequence[Sequence[Image.Image]], names: Sequence[str], *, beside: bool) -> Image.Image:
    """Place pictures in rows, with the name of each row, or of each column, above them."""
    width, height = rows[0][0].size
    row_height = height + _GAP + (_LABEL if beside else 0)
    top = 0 if beside else _LABEL
    sheet = Image.new("RGB", (len(rows[0]) * (width + _GAP) - _GAP, top + len(rows) * row_height - _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(FONTS / "Inter.ttf"), 17)
    for number, name in enumerate(names):
        pen.text((4, number * row_height + 5) if beside else (number * (width + _GAP) + 4, 5), name, _INK, font)
    for (row, column), picture in (
        ((row, column), picture) for row, pictures in enumerate(rows) for column, picture in enumerate(pictures)
    ):
        sheet.paste(picture, (column * (width + _GAP), (row + 1) * row_height - height - _GAP + top))
    return sheet


def _save(sheet: Image.Image, path: Path) -> None:
    sheet.save(path, quality=76, method=6)
    print(f"{path.name}: {sheet.width}x{sheet.height}, {path.stat().st_size // 1024} kB")  # noqa: T201


if __name__ == "__main__":
    missing = set(PRESETS) - {*_CAPTIONS, *_TEXTS}
    if missing:
        sys.exit(f"no sheet shows {', '.join(sorted(missing))}")
    draw_sheets(Path(sys.argv[1]) if len(sys.argv) > 1 else _FOLDER)
