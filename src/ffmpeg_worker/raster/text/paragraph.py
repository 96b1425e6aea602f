"""Collects the paragraphs of a text, with their bidi levels, grapheme clusters and line break opportunities."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from uniseg.graphemecluster import grapheme_cluster_boundaries

from ffmpeg_worker.raster.text.bidi import base_level, resolve_levels
from ffmpeg_worker.raster.text.break_text import find_line_breaks, find_phrase_breaks

_NEW_LINES = str.maketrans(
    {"\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\t": "    "}
)

# The boundaries next to a run of marks do not depend on its length.
_MAX_RUN = 8
_JOINERS = frozenset({"\u200c", "\u200d", *map(chr, range(0xE0020, 0xE0080))})


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text between two new lines, from index `start` of the whole text on.

    `base` is its bidi level. `levels` has one entry per character. `clusters` are the starts of the grapheme
    clusters, and the end; `breaks` the indexes after which a line may end, `phrase_breaks` those of them that
    separate phrases in Chinese, Japanese and Korean.
    """

    text: str
    start: int
    base: int
    levels: tuple[int, ...]
    clusters: tuple[int, ...]
    breaks: tuple[int, ...]
    phrase_breaks: tuple[int, ...]


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
        breaks = find_line_breaks(line)
        phrases = find_phrase_breaks(line, breaks)
        clusters = tuple(
            range(len(line) + 1) if line.isascii() else _find_boundaries(line, grapheme_cluster_boundaries)
        )
        paragraphs.append(
            Paragraph(line, start, base, tuple(resolve_levels(line, base)), clusters, breaks, phrases)
        )
        start += len(line) + 1
    return tuple(paragraphs)


def _find_boundaries(text: str, find: Callable[[str], Iterable[int]]) -> Iterator[int]:
    """Call `find` on a text with shortened runs of marks, as its time is quadratic in their length."""
    kept: list[int] = []
    length = 0
    for index, letter in enumerate(text):
        length = length + 1 if _is_mark(letter) else 0
        if length <= _MAX_RUN:
            kept.append(index)
    indexes = [*kept, len(text)]
    return (indexes[found] for found in find("".join(text[index] for index in kept)))


def _is_mark(letter: str) -> bool:
    return letter in _JOINERS or unicodedata.category(letter)[0] == "M"


def _capitalize(text: str) -> str:
    before = [" ", *text[:-1]]
    return "".join(
        letter.title() if not (last.isalnum() or last in "'\u2019") else letter
        for last, letter in zip(before, text, strict=True)
    )
