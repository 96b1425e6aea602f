"""Joins frames into one small picture with round corners and transparent gaps, which fits light and dark pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from ffmpeg_worker.fonts import FOLDER as FONTS

_WIDTH, _MAX_HEIGHT = 1280, 400
_GAP, _RADIUS = 14, 10
_QUALITIES = range(90, 30, -4)


def join_frames(frames: Sequence[Image.Image], labels: Sequence[str] = (), *, width: int = _WIDTH) -> Image.Image:
    """Place frames side by side, all in one height."""
    shapes = [frame.width / frame.height for frame in frames]
    gaps = _GAP * (len(frames) - 1)
    height = min(_MAX_HEIGHT, round((width - gaps) / sum(shapes)))
    small = [frame.resize((round(height * shape), height), Image.Resampling.LANCZOS)
             for frame, shape in zip(frames, shapes, strict=True)]  # fmt: skip
    strip = Image.new("RGBA", (sum(one.width for one in small) + gaps, height))
    x = 0
    for number, one in enumerate(small):
        shown = one.convert("RGBA")
        if number < len(labels) and labels[number]:
            _add_label(shown, labels[number])
        shown.putalpha(ImageChops.multiply(shown.getchannel("A"), _round_mask(shown.size)))
        strip.paste(shown, (x, 0))
        x += one.width + _GAP
    return strip


def save_small(picture: Image.Image, path: Path, max_bytes: int) -> int:
    """Save a WebP in the best quality that `max_bytes` allow, and return its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in _QUALITIES:
        data = io.BytesIO()
        picture.save(data, "WEBP", quality=quality, method=6, alpha_quality=80)
        if data.tell() <= max_bytes:
            break
    path.write_bytes(data.getvalue())
    return data.tell()


def draw_checkers(size: tuple[int, int], cell: int = 16) -> Image.Image:
    """Draw the pattern that stands for transparency."""
    sheet = Image.new("RGBA", size, "#ffffff")
    pen = ImageDraw.Draw(sheet)
    for y in range(0, size[1], cell):
        for x in range((y // cell % 2) * cell, size[0], 2 * cell):
            pen.rectangle((x, y, x + cell - 1, y + cell - 1), "#d9dde3")
    return sheet


def _round_mask(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), _RADIUS * 4, 255)
    return mask.resize(size, Image.Resampling.LANCZOS)


def _add_label(frame: Image.Image, text: str) -> None:
    font = ImageFont.truetype(str(FONTS / "Inter.ttf"), 20)
    left, top, right, bottom = font.getbbox(text)
    pen = ImageDraw.Draw(frame)
    box = (12, 12, 12 + right - left + 24, 12 + 34)
    pen.rounded_rectangle(box, 17, "#101014")
    pen.text((24, 12 + 17 - (top + bottom) / 2), text, "#ffffff", font)
