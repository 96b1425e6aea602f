"""From characters to glyphs: runs of one font, script and direction, and what HarfBuzz makes of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import uharfbuzz as hb

from ffmpeg_worker.raster.text.emoji import is_emoji
from ffmpeg_worker.raster.text.font import UNITS, Font
from ffmpeg_worker.raster.text.font_library import FontChain
from ffmpeg_worker.raster.text.script import COMMON, script_of

_SPACES = frozenset(" \u00a0")
_JOINED = frozenset({"Arab", "Syrc", "Nkoo", "Mong"})
_NO_LIGATURES = {"liga": False, "clig": False}


@dataclass(frozen=True, slots=True)
class Run:
    """Characters `start` to `end` of a paragraph that are shaped together."""

    start: int
    end: int
    font: Font
    level: int
    script: str


@dataclass(frozen=True, slots=True)
class Shaped:
    """A glyph of a run, in pixels: how far it moves the pen, and where it is drawn beside it (y grows downwards).

    It stands for the characters `start` to `end` of the paragraph.
    """

    index: int
    start: int
    end: int
    advance: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Spacing:
    """Pixels added after each letter and to each space."""

    letter: float = 0.0
    word: float = 0.0


def runs_of(text: str, clusters: list[int], levels: list[int], chain: FontChain, size: float) -> list[Run]:
    """A paragraph's runs in reading order; `clusters` are the starts of its grapheme clusters, and its end."""
    runs: list[Run] = []
    script = COMMON
    for start, end in itertools.pairwise(clusters):
        cluster = text[start:end]
        own = next((tag for letter in cluster if (tag := script_of(letter)) != COMMON), COMMON)
        script = own if own != COMMON else script
        last = runs[-1] if runs else None
        stays = last is not None and own == COMMON and _belongs(cluster, last.font)
        font = last.font if last and stays else chain.font(cluster, size)
        if last and (last.font, last.level) == (font, levels[start]) and _is_alike(last.script, own):
            runs[-1] = Run(last.start, end, font, last.level, own if last.script == COMMON else last.script)
        else:
            runs.append(Run(start, end, font, levels[start], script if own == COMMON else own))
    return runs


def shape(text: str, run: Run, spacing: Spacing) -> list[Shaped]:
    """The glyphs of a run from left to right."""
    buffer = hb.Buffer()
    buffer.add_str(text, run.start, run.end - run.start)
    buffer.direction = "rtl" if run.level % 2 else "ltr"
    buffer.script = run.script if run.script != COMMON else "Latn"
    buffer.language = "en"
    is_spaced = spacing.letter != 0 and run.script not in _JOINED
    hb.shape(run.font.harfbuzz, buffer, _NO_LIGATURES if is_spaced else {})
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    ends = _cluster_ends([info.cluster for info in infos], run.end)
    glyphs: list[Shaped] = []
    for place, (info, position) in enumerate(zip(infos, positions, strict=True)):
        advance = position.x_advance / UNITS
        if place + 1 == len(infos) or infos[place + 1].cluster != info.cluster:
            advance += spacing.letter if is_spaced else 0.0
            advance += spacing.word if text[info.cluster] in _SPACES else 0.0
        x, y = position.x_offset / UNITS, -position.y_offset / UNITS
        glyphs.append(Shaped(info.codepoint, info.cluster, ends[info.cluster], advance, x, y))
    return glyphs


def _belongs(cluster: str, font: Font) -> bool:
    """Whether a space or comma is drawn in the font of the letters before it, though another comes first."""
    if font.face.is_colour or cluster.isdigit() or is_emoji(cluster):
        return False
    return all(ord(letter) in font.face.characters for letter in cluster)


def parts(runs: list[Run], start: int, end: int) -> Iterator[Run]:
    """What of the runs lies between two characters."""
    for run in runs if start < end else ():
        if run.start < end and run.end > start:
            yield Run(max(run.start, start), min(run.end, end), run.font, run.level, run.script)


def _is_alike(before: str, own: str) -> bool:
    return COMMON in {before, own} or before == own


def _cluster_ends(starts: list[int], end: int) -> dict[int, int]:
    known = sorted(set(starts))
    return dict(zip(known, [*known[1:], end], strict=True))
