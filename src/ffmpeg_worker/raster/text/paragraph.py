"""A paragraph: its characters' levels, clusters and the places where it may be broken."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from uniseg.graphemecluster import grapheme_cluster_boundaries
from uniseg.linebreak import line_break_boundaries

from ffmpeg_worker.raster.text.bidi import base_level, levels_of
from ffmpeg_worker.scene.text_style import TextStyle

_NEW_LINES = str.maketrans(
    {"\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\t": "    "}
)

# What such a run is beside does not depend on its length.
_LONGEST_RUN = 8
_JOINERS = frozenset({"\u200c", "\u200d", *map(chr, range(0xE0020, 0xE0080))})


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
        breaks = tuple(_boundaries(line, line_break_boundaries, keeps_spaces=False)) if line else ()
        clusters = tuple(
            range(len(line) + 1)
            if line.isascii()
            else _boundaries(line, grapheme_cluster_boundaries, keeps_spaces=True)
        )
        found.append(Paragraph(line, start, base, tuple(levels_of(line, base)), clusters, breaks))
        start += len(line) + 1
    return tuple(found)


def style_direction(style: TextStyle, text: str) -> int:
    """0 if the text as a whole runs from left to right, else 1."""
    return base_level(text, style.direction)


def _boundaries(text: str, find: Callable[[str], Iterable[int]], *, keeps_spaces: bool) -> Iterator[int]:
    """What `find` finds, which takes time by the square of the length of a run of marks, or of spaces."""
    kept: list[int] = []
    before, length = "", 0
    for place, letter in enumerate(text):
        kind = _endless_kind(letter)
        length = length + 1 if kind == before else 1
        before = kind
        if not kind or length <= _LONGEST_RUN or (keeps_spaces and kind == " "):
            kept.append(place)
    places = [*kept, len(text)]
    return (places[found] for found in find("".join(text[place] for place in kept)))


def _endless_kind(letter: str) -> str:
    if letter == " ":
        return letter
    return "mark" if letter in _JOINERS or unicodedata.category(letter)[0] == "M" else ""


def _capitalised(text: str) -> str:
    before = [" ", *text[:-1]]
    return "".join(
        letter.title() if not (last.isalnum() or last in "'\u2019") else letter
        for last, letter in zip(before, text, strict=True)
    )
