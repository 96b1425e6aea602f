"""The look of text: from a composition's style to one in pixels."""

from __future__ import annotations

from ffmpeg_worker.composition import text_style
from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.text_layer import TextAnimation as WrittenAnimation
from ffmpeg_worker.composition.values import Percent
from ffmpeg_worker.scene.geometry import Box
from ffmpeg_worker.scene.reference_box import ReferenceBox, first_value, read_color
from ffmpeg_worker.scene.text_style import Background, Highlight, Shadow, Stroke, TextAnimation, TextStyle

_LEAST_SIZE = 8.0
_MARGIN = 0.05
"""Of the room, left free on each side of text that is given no width."""


def read_style(style: text_style.TextStyle, room: ReferenceBox, box: Box) -> TextStyle:
    """A style in drawn pixels; percentages of an automatic size are of the largest it may be."""
    fits = style.font_size == "auto"
    size = _largest(style, room, box) if isinstance(style.font_size, str) else _size(style.font_size, room)
    return TextStyle(
        families=style.font_family or ("Inter",),
        size=size,
        weight=style.font_weight,
        is_italic=style.font_style == "italic",
        colour=read_color(style.color),
        align=style.align,
        vertical_align=style.vertical_align,
        line_height=style.line_height,
        letter_spacing=room.still(style.letter_spacing, size),
        word_spacing=room.still(style.word_spacing, size),
        direction=style.direction,
        transform=style.text_transform,
        underline=style.underline,
        strikethrough=style.strikethrough,
        most_lines=style.max_lines,
        fits=fits,
        least_size=_LEAST_SIZE * room.per_pixel
        if style.min_font_size is None
        else min(size, _size(style.min_font_size, room)),
        stroke=None
        if style.stroke is None
        else Stroke(parse_color(style.stroke.color), room.still(style.stroke.width, size)),
        shadows=tuple(_read_shadow(shadow, room, size) for shadow in style.shadow),
        background=None if style.background is None else _read_background(style.background, room, size),
        highlight=None if style.highlight is None else _read_highlight(style.highlight, room, size),
    )


def read_animation(animation: WrittenAnimation, element_s: float) -> TextAnimation:
    """How letters, words or lines move in an element of that length."""
    return TextAnimation(
        name=animation.type,
        by=animation.by,
        duration_s=animation.duration,
        stagger_s=animation.stagger,
        element_s=element_s,
        leaves=animation.at == "out",
        easing=animation.easing,
    )


def most_width(box: Box, room: ReferenceBox) -> float:
    """How wide text may become that is given no width: as far as the nearest edge, less a margin."""
    if box.width is not None:
        return first_value(box.width)
    x, anchor = first_value(box.x), box.anchor[0]
    margin = _MARGIN * room.width
    to_the_left = (x - margin) / anchor if anchor else room.width
    to_the_right = (room.width - margin - x) / (1 - anchor) if anchor < 1 else room.width
    return max(min(to_the_left, to_the_right), 4 * margin)


def _size(size: float | Percent, room: ReferenceBox) -> float:
    return room.still(size, room.canvas_short)


def _largest(style: text_style.TextStyle, room: ReferenceBox, box: Box) -> float:
    if style.max_font_size is not None:
        return _size(style.max_font_size, room)
    return room.height if box.height is None else first_value(box.height)


def _read_shadow(shadow: text_style.Shadow, room: ReferenceBox, size: float) -> Shadow:
    return Shadow(
        parse_color(shadow.color),
        x=room.still(shadow.x, size),
        y=room.still(shadow.y, size),
        blur=room.still(shadow.blur, size),
    )


def _read_background(background: text_style.Background, room: ReferenceBox, size: float) -> Background:
    above, beside = background.padding
    return Background(
        parse_color(background.color),
        padding_x=room.still(beside, size),
        padding_y=room.still(above, size),
        radius=room.still(background.radius, size),
        per_line=background.per_line,
    )


def _read_highlight(highlight: text_style.Highlight, room: ReferenceBox, size: float) -> Highlight:
    return Highlight(
        colour=None if highlight.color is None else parse_color(highlight.color),
        background=None if highlight.background is None else _read_background(highlight.background, room, size),
        scale=highlight.scale,
        said=None if highlight.said is None else parse_color(highlight.said),
        mode=highlight.mode,
    )
