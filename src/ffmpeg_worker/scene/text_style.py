"""How text looks: lengths in pixels of the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ffmpeg_worker.scene.curve import Color, Curve


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line around letters, `width` pixels wide outside of them."""

    colour: Color
    width: float


@dataclass(frozen=True, slots=True)
class Shadow:
    """A shadow, moved by `x` and `y`; `blur` as in CSS: twice the standard deviation."""

    colour: Color
    x: float = 0.0
    y: float = 0.0
    blur: float = 0.0


@dataclass(frozen=True, slots=True)
class Background:
    """A box behind text: one around all of it, or one for each line."""

    colour: Color
    padding_x: float = 0.0
    padding_y: float = 0.0
    radius: float = 0.0
    per_line: bool = False


@dataclass(frozen=True, slots=True)
class Highlight:
    """The word that is said: its colour, a box behind it, how much larger it is; `said` colours the words before.

    `mode`: `word` marks the word that is said, `fill` colours words one after the other from left to right as
    they are said, `appear` shows only the words that have been said.
    """

    colour: Color | None = None
    background: Background | None = None
    scale: float = 1.0
    said: Color | None = None
    mode: Literal["word", "fill", "appear"] = "word"


@dataclass(frozen=True, slots=True)
class TextStyle:
    """Everything about a text's look.

    `size` is the font's size; with `fits` it is the largest, and shrinks (not below `least_size`) until the text
    fits the element's box. `line_height` is a multiple of the size.
    """

    families: tuple[str, ...] = ("Inter",)
    size: float = 48.0
    weight: int = 400
    is_italic: bool = False
    colour: Color | Curve = (1.0, 1.0, 1.0, 1.0)
    align: Literal["left", "center", "right", "justify", "start", "end"] = "center"
    vertical_align: Literal["top", "center", "bottom"] = "center"
    line_height: float = 1.2
    letter_spacing: float = 0.0
    word_spacing: float = 0.0
    direction: Literal["auto", "ltr", "rtl"] = "auto"
    transform: Literal["none", "uppercase", "lowercase", "capitalize"] = "none"
    underline: bool = False
    strikethrough: bool = False
    most_lines: int | None = None
    fits: bool = False
    least_size: float = 8.0
    stroke: Stroke | None = None
    shadows: tuple[Shadow, ...] = ()
    background: Background | None = None
    highlight: Highlight | None = None


@dataclass(frozen=True, slots=True)
class TextAnimation:
    """Letters, words or lines that come one after the other.

    Each takes `duration_s`, and starts `stagger_s` after the one before it; `leaves`: at the end of the element
    instead of its start, `element_s` being the element's length.
    """

    name: Literal["fade", "typewriter", "slide-up", "slide-down", "pop", "wave"]
    by: Literal["letter", "word", "line"]
    duration_s: float
    stagger_s: float
    element_s: float
    leaves: bool = False
    easing: str = "ease-out"
