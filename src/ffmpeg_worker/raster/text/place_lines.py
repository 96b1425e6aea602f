"""Places the glyphs of lines in the box of a text."""

from __future__ import annotations

from ffmpeg_worker.raster.text.font import Font
from ffmpeg_worker.raster.text.layout import Glyph, Layout, LineBox
from ffmpeg_worker.raster.text.wrap_lines import Line, max_line_width
from ffmpeg_worker.scene.text_style import TextStyle


def place_lines(
    text: str,
    lines: list[Line],
    style: TextStyle,
    first: Font,
    box: tuple[float | None, float | None],
    padding: tuple[float, float],
) -> Layout:
    """Place the lines of a text, whose baselines are those of the font `first`, in a box.

    `box` is its width and height in pixels, `None` for those of the text; `padding` its horizontal and vertical
    distance to the text.
    """
    content_width, content_height = max_line_width(lines), len(lines) * style.line_height * style.size
    width = content_width + 2 * padding[0] if box[0] is None else box[0]
    height = content_height + 2 * padding[1] if box[1] is None else box[1]
    free = height - 2 * padding[1] - content_height
    top = padding[1] + {"top": 0.0, "center": free / 2, "bottom": free}[style.vertical_align]
    glyphs, boxes = _place_glyphs(lines, style, first, width - 2 * padding[0], (padding[0], top))
    return Layout(text, style, width, height, glyphs, boxes, first.underline, first.strike)


def _place_glyphs(
    lines: list[Line], style: TextStyle, first: Font, width: float, corner: tuple[float, float]
) -> tuple[tuple[Glyph, ...], tuple[LineBox, ...]]:
    """Place glyphs and lines in a column whose top left is `corner`."""
    height = style.line_height * first.size
    baseline = (height + first.ascent - first.descent) / 2
    glyphs: list[Glyph] = []
    boxes: list[LineBox] = []
    for number, line in enumerate(lines):
        top = corner[1] + number * height
        gap = _justified_gap(line, style, width)
        left = corner[0] + _left(line, style, width, gap)
        pen = left
        for glyph, run in line.glyphs:
            extra = gap if line.paragraph.text[glyph.start] == " " else 0.0
            start, right = line.paragraph.start + glyph.start, pen + glyph.advance + extra
            x, y = pen + glyph.x, top + baseline + glyph.y
            glyphs.append(Glyph(run.font, glyph.index, x, y, start, number, pen, right, bool(run.level % 2)))
            pen += glyph.advance + extra
        right = left + line.width + gap * _count_spaces(line)
        start, end = line.paragraph.start + line.start, line.paragraph.start + line.end
        boxes.append(LineBox(start, end, left, right, top, top + height, top + baseline))
    return tuple(glyphs), tuple(boxes)


def _count_spaces(line: Line) -> int:
    return sum(line.paragraph.text[glyph.start] == " " for glyph, _ in line.glyphs)


def _justified_gap(line: Line, style: TextStyle, width: float) -> float:
    """Return the width that justified text adds to every space of a line."""
    spaces = _count_spaces(line)
    if style.align != "justify" or line.end == len(line.paragraph.text) or not spaces:
        return 0.0
    return max(width - line.width, 0.0) / spaces


def _left(line: Line, style: TextStyle, width: float, gap: float) -> float:
    free = width - line.width - gap * _count_spaces(line)
    is_rtl = line.paragraph.base == 1
    if style.align == "center":
        return free / 2
    if style.align == "right" or ((style.align == "end") != is_rtl and style.align in {"start", "end"}):
        return free
    return free if style.align == "justify" and is_rtl else 0.0
