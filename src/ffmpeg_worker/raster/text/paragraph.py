"""Collects the paragraphs of a text, with their bidi levels, grapheme clusters and line break opportunities."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from uniseg.graphemecluster import grapheme_cluster_boundaries
from uniseg.linebreak import line_break_boundaries

from ffmpeg_worker.raster.text.bidi import base_level, resolve_levels

_NEW_LINES = str.maketrans(
    {"\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\t": "    "}
)

# The boundaries next to a run of marks or spaces do not depend on its length.
_MAX_RUN = 8
_JOINERS = frozenset({"\u200c", "\u200d", *map(chr, range(0xE0020, 0xE0080))})


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text between two new lines, from index `start` of the whole text on.

    `base` is its bidi level. `levels` has one entry per character. `clusters` are the starts of the grapheme
    clusters, and the end; `breaks` the indexes after which a line may end.
    """

    text: str
    start: int
    base: int
    levels: tuple[int, ...]
    clusters: tuple[int, ...]
    breaks: tuple[int, ...]


def normalize_text(text: str, transform: str) -> str:
    """Return the text to lay out: NFC, with `\\n` for new lines, without control characters, its case changed."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").translate(_NEW_LINES))
    text = "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in {"Cc", "Cs"})
    if transform == "uppercase":
        return text.upper()
    if transform == "lowercase":
        return text.lower()
    return _capitalize(text) if transform == "capitalize" else text


@functools.lru_cache(maxsize=64)
def collect_paragraphs(text: str, direction: str) -> tuple[Paragraph, ...]:
    """Split a text into paragraphs; `direction` is `ltr`, `rtl` or `auto`."""
    paragraphs: list[Paragraph] = []
    start = 0
    for line in text.split("\n"):
        base = base_level(line, direction)
        breaks = tuple(_find_boundaries(line, line_break_boundaries, keeps_spaces=False)) if line else ()
        clusters = tuple(
            range(len(line) + 1)
            if line.isascii()
            else _find_boundaries(line, grapheme_cluster_boundaries, keeps_spaces=True)
        )
        paragraphs.append(Paragraph(line, start, base, tuple(resolve_levels(line, base)), clusters, breaks))
        start += len(line) + 1
    return tuple(paragraphs)


def _find_boundaries(text: str, find: Callable[[str], Iterable[int]], *, keeps_spaces: bool) -> Iterator[int]:
    """Call `find` on a text with shortened runs of marks and spaces, as its time is quadratic in their length."""
    kept: list[int] = []
    before, length = "", 0
    for index, letter in enumerate(text):
        kind = _run_kind(letter)
        length = length + 1 if kind == before else 1
        before = kind
        if not kind or length <= _MAX_RUN or (keeps_spaces and kind == " "):
            kept.append(index)
    indexes = [*kept, len(text)]
    return (indexes[found] for found in find("".join(text[index] for index in kept)))


def _run_kind(letter: str) -> str:
    if letter == " ":
        return letter
    return "mark" if letter in _JOINERS or unicodedata.category(letter)[0] == "M" else ""


def _capitalize(text: str) -> str:
    before = [" ", *text[:-1]]
    return "".join(
        letter.title() if not (last.isalnum() or last in "'\u2019") else letter
        for last, letter in zip(before, text, strict=True)
    )
