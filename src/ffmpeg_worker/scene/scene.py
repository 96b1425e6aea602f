"""A resolved composition: what is drawn, in pixels of the canvas and frame numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ffmpeg_worker.scene.content import (
    ImageContent,
    ShapeContent,
    SubtitlesContent,
    TextContent,
    VideoContent,
    WaveformContent,
)
from ffmpeg_worker.scene.curve import Color, Number

BUNDLED_FONTS_FOLDER = "_fonts"
"""Folder of the job with copies of the bundled fonts, if the text of an SVG needs them."""


@dataclass(frozen=True, slots=True)
class GroupContent:
    """Elements that are drawn onto a transparent surface in the size of the element.

    Their frames are counted from the first frame of the group.
    """

    elements: tuple[Element, ...]
    kind: Literal["group"] = "group"


Content = (
    VideoContent | ImageContent | TextContent | ShapeContent | SubtitlesContent | WaveformContent | GroupContent
)


def reads_file(content: Content) -> bool:
    """Whether content is decoded from a file of the caller."""
    return isinstance(content, ImageContent | VideoContent | WaveformContent)


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition over the first or last `frames` of an element.

    `name` is one of `composition.transitions.TRANSITIONS`.
    """

    name: str
    frames: int
    easing: str = "linear"


@dataclass(frozen=True, slots=True)
class Element:
    """One layer, shown from frame `first` to `last` (exclusive) of the canvas.

    Attributes:
        where: JSON path of the layer, for errors.
        x, y: position of the point `anchor`, in pixels from the top left of the canvas or group.
        anchor: fractions of width and height.
        width, height: pixels; `None` is the size of the content.
        scale, rotation: about the center; degrees clockwise.
        blur: standard deviation in pixels.
        radius: of the corners, in pixels.
        crop: x, y, width and height of the visible part, as fractions of the content.
        enter, leave: transitions at its start and end.
        replaces: index of the element of the same list from which `enter` is a transition to this one.

    Times of curves are seconds since `first`.
    """

    where: str
    first: int
    last: int
    content: Content
    x: Number
    y: Number
    anchor: tuple[float, float] = (0.0, 0.0)
    width: Number | None = None
    height: Number | None = None
    scale: Number = 1.0
    rotation: Number = 0.0
    opacity: Number = 1.0
    blur: Number = 0.0
    radius: Number = 0.0
    crop: tuple[Number, Number, Number, Number] | None = None
    blend: str = "normal"
    enter: Transition | None = None
    leave: Transition | None = None
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class FontFile:
    """A font of the job; `weight` and `is_italic` are read from the file where they are `None`."""

    family: str
    file: str
    weight: int | None = None
    is_italic: bool | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """All `frames` of `width` by `height` pixels at `fps` (numerator, denominator), elements in painter's order.

    `background` may be transparent.
    """

    width: int
    height: int
    fps: tuple[int, int]
    frames: int
    background: Color
    elements: tuple[Element, ...]
    fonts: tuple[FontFile, ...] = ()
