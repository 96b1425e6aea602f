"""A paragraph: its characters' levels, clusters and the places where it may be broken."""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass

from uniseg.graphemecluster import grapheme_cluster_boundaries
from uniseg.linebreak import line_break_boundaries

from ffmpeg_worker.canvas.text_style import TextStyle
from ffmpeg_worker.raster.text.bidi import base_level, levels_of

_NEW_LINES = str.maketrans(
    {"\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\t": "    "}
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text between two new lines; `start` is its place in the whole.

    `clusters` are the starts of grapheme clusters and the end, `breaks` the places after which a line may end.
    """

    text: str
    start: int
    base: int
    levels: tuple[int, ...]
    clusters: tuple[int, ...]
    breaks: tuple[int, ...]


def written(text: str, transform: str) -> str:
    """Text as it is laid out: composed, with plain new lines and without control characters, in its case."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").translate(_NEW_LINES))
    text = "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in {"Cc", "Cs"})
    if transform == "uppercase":
        return text.upper()
    if transform == "lowercase":
        return text.lower()
    return _capitalised(text) if transform == "capitalize" else text


@functools.lru_cache(maxsize=64)
def paragraphs_of(text: str, direction: str) -> tuple[Paragraph, ...]:
    """The paragraphs of a text."""
    found: list[Paragraph] = []
    start = 0
    for line in text.split("\n"):
        base = base_level(line, direction)
        clusters = tuple(grapheme_cluster_boundaries(line)) if not line.isascii() else tuple(range(len(line) + 1))
        breaks = tuple(line_break_boundaries(line)) if line else ()
        found.append(Paragraph(line, start, base, tuple(levels_of(line, base)), clusters, breaks))
        start += len(line) + 1
    return tuple(found)


def style_direction(style: TextStyle, text: str) -> int:
    """0 if the text as a whole runs from left to right, else 1."""
    return base_level(text, style.direction)


def _capitalised(text: str) -> str:
    before = [" ", *text[:-1]]
    return "".join(
        letter.title() if not (last.isalnum() or last in "'\u2019") else letter
        for last, letter in zip(before, text, strict=True)
    )
