"""Resolves the style of text from a composition to drawn pixels."""

from __future__ import annotations

from dataclasses import replace

from ffmpeg_worker.composition import text_style
from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.lengths import Percent
from ffmpeg_worker.composition.text_layer import TextAnimation as CompositionAnimation
from ffmpeg_worker.scene.geometry import Box
from ffmpeg_worker.scene.reference_box import ReferenceBox, initial_value, resolve_color
from ffmpeg_worker.scene.text_style import Background, Highlight, Shadow, Stroke, TextAnimation, TextStyle

_MIN_SIZE = 8.0
_MARGIN = 0.05
"""Fraction of the reference box left free on each side of text without a width."""

_DEFAULT_EASINGS = {"pop": "cubic-bezier(0.34, 1.4, 0.64, 1)"}
"""A pop goes a little too far and back: not so far that words touch."""

_MIN_WIDTH = 0.2
"""Fraction of the reference box that text may have near an edge."""


def resolve_text_style(style: text_style.TextStyle, reference: ReferenceBox, box: Box) -> TextStyle:
    """Resolve a style to drawn pixels; an automatic font size to its range."""
    if not isinstance(style.font_size, str):
        return _at_size(style, reference, _size(style.font_size, reference))
    largest = _max_size(style, reference, box)
    smallest = (
        _MIN_SIZE * reference.pixel_scale if style.min_font_size is None else _size(style.min_font_size, reference)
    )
    return replace(
        _at_size(style, reference, largest), smallest=_at_size(style, reference, min(smallest, largest))
    )


def _at_size(style: text_style.TextStyle, reference: ReferenceBox, size: float) -> TextStyle:
    return TextStyle(
        families=style.font_family or ("Inter",),
        size=size,
        weight=style.font_weight,
        is_italic=style.font_style == "italic",
        color=resolve_color(style.color),
        align=style.align,
        vertical_align=style.vertical_align,
        line_height=style.line_height,
        letter_spacing=reference.fixed(style.letter_spacing, size),
        word_spacing=reference.fixed(style.word_spacing, size),
        direction=style.direction,
        transform=style.text_transform,
        underline=style.underline,
        strikethrough=style.strikethrough,
        wrap=style.text_wrap,
        max_lines=style.max_lines,
        stroke=None
        if style.stroke is None
        else Stroke(parse_color(style.stroke.color), reference.fixed(style.stroke.width, size)),
        shadows=tuple(_resolve_shadow(shadow, reference, size) for shadow in style.shadow),
        background=None if style.background is None else _resolve_background(style.background, reference, size),
        highlight=None if style.highlight is None else _resolve_highlight(style.highlight, reference, size),
    )


def resolve_text_animation(animation: CompositionAnimation, element_s: float) -> TextAnimation:
    """Resolve the animation of letters, words or lines in an element of that duration."""
    return TextAnimation(
        name=animation.type,
        by=animation.by,
        duration_s=animation.duration,
        stagger_s=animation.stagger,
        element_s=element_s,
        leaves=animation.at == "out",
        easing=animation.easing or _DEFAULT_EASINGS.get(animation.type, "ease-out"),
    )


def max_width(box: Box, reference: ReferenceBox, margin_share: float = _MARGIN) -> float:
    """Return the width in which text without a width of its own is wrapped: up to the nearest edge, less a margin.

    `margin_share` is that margin as a fraction of the width of the reference box.
    """
    if box.width is not None:
        return initial_value(box.width)
    x, anchor = initial_value(box.x), box.anchor[0]
    margin = margin_share * reference.width
    available_left = (x - margin) / anchor if anchor else reference.width
    available_right = (reference.width - margin - x) / (1 - anchor) if anchor < 1 else reference.width
    return max(min(available_left, available_right), _MIN_WIDTH * reference.width)


def _size(size: float | Percent, reference: ReferenceBox) -> float:
    return reference.fixed(size, reference.canvas_shorter_side)


def _max_size(style: text_style.TextStyle, reference: ReferenceBox, box: Box) -> float:
    if style.max_font_size is not None:
        return _size(style.max_font_size, reference)
    return reference.height if box.height is None else initial_value(box.height)


def _resolve_shadow(shadow: text_style.Shadow, reference: ReferenceBox, size: float) -> Shadow:
    return Shadow(
        parse_color(shadow.color),
        x=reference.fixed(shadow.x, size),
        y=reference.fixed(shadow.y, size),
        blur=reference.fixed(shadow.blur, size),
    )


def _resolve_background(background: text_style.Background, reference: ReferenceBox, size: float) -> Background:
    vertical, horizontal = background.padding
    return Background(
        parse_color(background.color),
        padding_x=reference.fixed(horizontal, size),
        padding_y=reference.fixed(vertical, size),
        radius=reference.fixed(background.radius, size),
        per_line=background.per_line,
    )


def _resolve_highlight(highlight: text_style.Highlight, reference: ReferenceBox, size: float) -> Highlight:
    return Highlight(
        color=None if highlight.color is None else parse_color(highlight.color),
        background=None
        if highlight.background is None
        else _resolve_background(highlight.background, reference, size),
        scale=highlight.scale,
        said=None if highlight.said is None else parse_color(highlight.said),
        mode=highlight.mode,
    )
