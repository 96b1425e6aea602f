"""From lines of characters to glyphs with places."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from ffmpeg_worker.raster.text.bidi import visual_order
from ffmpeg_worker.raster.text.font import Font
from ffmpeg_worker.raster.text.layout import Glyph, LineBox, WordBox
from ffmpeg_worker.raster.text.paragraph import Paragraph
from ffmpeg_worker.raster.text.shape_runs import Run, Shaped, Spacing, parts, shape
from ffmpeg_worker.raster.text.wrap_lines import Line
from ffmpeg_worker.scene.text_style import TextStyle

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class SetLine:
    """A line with its glyphs from left to right, not yet placed; `width` is that of what can be seen."""

    paragraph: Paragraph
    line: Line
    glyphs: tuple[tuple[Shaped, Run], ...]
    width: float
    is_last: bool


def set_line(paragraph: Paragraph, line: Line, runs: list[Run], spacing: Spacing) -> SetLine:
    """Shape a line as it stands, its runs in the order in which they are seen."""
    text = paragraph.text
    end = line.start + len(text[line.start : line.end].rstrip())
    pieces = list(parts(runs, line.start, end))
    ordered = visual_order(pieces, [run.level for run in pieces])
    glyphs = tuple((glyph, run) for run in ordered for glyph in shape(text, run, spacing))
    width = sum(glyph.advance for glyph, _ in glyphs)
    width -= spacing.letter if glyphs else 0.0
    return SetLine(paragraph, line, glyphs, max(width, 0.0), line.end == len(text))


def place_lines(
    lines: list[SetLine], style: TextStyle, first: Font, width: float, corner: tuple[float, float]
) -> tuple[tuple[Glyph, ...], tuple[LineBox, ...]]:
    """Glyphs and lines in a column that is `width` wide and has its top left at `corner`."""
    height = style.line_height * first.size
    baseline = (height + first.ascent - first.descent) / 2
    glyphs: list[Glyph] = []
    boxes: list[LineBox] = []
    for number, line in enumerate(lines):
        upper = corner[1] + number * height
        stretch = _stretch(line, style, width)
        left = corner[0] + _left(line, style, width, stretch)
        pen = left
        for glyph, run in line.glyphs:
            extra = stretch if line.paragraph.text[glyph.start] == " " else 0.0
            glyphs.append(_placed(glyph, run, pen, upper + baseline, line.paragraph.start, number, extra))
            pen += glyph.advance + extra
        right = left + line.width + stretch * _gaps(line)
        start, end = line.paragraph.start + line.line.start, line.paragraph.start + line.line.end
        boxes.append(LineBox(start, end, left, right, upper, upper + height, upper + baseline))
    return tuple(glyphs), tuple(boxes)


def words_of(text: str, glyphs: tuple[Glyph, ...], lines: tuple[LineBox, ...]) -> tuple[WordBox, ...]:
    """The boxes of a text's words, in reading order."""
    spans = [match.span() for match in _WORD.finditer(text)]
    by_line: dict[int, list[Glyph]] = {}
    for glyph in sorted(glyphs, key=lambda glyph: (glyph.line, glyph.start)):
        by_line.setdefault(glyph.line, []).append(glyph)
    boxes: list[WordBox] = []
    place = 0
    for number, own in by_line.items():
        line = lines[number]
        for glyph in own:
            while place < len(spans) and spans[place][1] <= glyph.start:
                place += 1
            if place == len(spans) or glyph.start < spans[place][0]:
                continue
            last = boxes[-1] if boxes else None
            if last and (last.word, last.line) == (place, number):
                left, right = min(last.left, glyph.left), max(last.right, glyph.right)
                start = last.start
            else:
                left, right, start, last = glyph.left, glyph.right, glyph.start, None
            box = WordBox(place, start, glyph.end, number, left, right, line.top, line.bottom, glyph.is_rtl)
            boxes[len(boxes) - (1 if last else 0) :] = [box]
    return tuple(boxes)


def _placed(glyph: Shaped, run: Run, pen: float, baseline: float, offset: int, line: int, extra: float) -> Glyph:
    right = pen + glyph.advance + extra
    start, end = offset + glyph.start, offset + glyph.end
    x, y = pen + glyph.x, baseline + glyph.y
    return Glyph(run.font, glyph.index, x, y, start, end, line, pen, right, bool(run.level % 2))


def _gaps(line: SetLine) -> int:
    return sum(line.paragraph.text[glyph.start] == " " for glyph, _ in line.glyphs)


def _stretch(line: SetLine, style: TextStyle, width: float) -> float:
    """What justified text adds to every space of a line."""
    gaps = _gaps(line)
    if style.align != "justify" or line.is_last or not gaps:
        return 0.0
    return max(width - line.width, 0.0) / gaps


def _left(line: SetLine, style: TextStyle, width: float, stretch: float) -> float:
    free = width - line.width - stretch * _gaps(line)
    is_rtl = line.paragraph.base == 1
    if style.align == "center":
        return free / 2
    if style.align == "right" or ((style.align == "end") != is_rtl and style.align in {"start", "end"}):
        return free
    return free if style.align == "justify" and is_rtl else 0.0


def longest(lines: list[SetLine]) -> float:
    """The width of the widest line."""
    return max(itertools.chain((line.width for line in lines), (0.0,)))
