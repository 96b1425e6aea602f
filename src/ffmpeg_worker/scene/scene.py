"""A composition with everything decided: what is drawn, in pixels of the canvas and numbers of frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ffmpeg_worker.scene.curve import Color, Curve, Number
from ffmpeg_worker.scene.text_style import TextAnimation, TextStyle

Fit = Literal["cover", "contain", "contain-blur", "fill", "none", "scale-down"]


@dataclass(frozen=True, slots=True)
class Gradient:
    """Colours in even steps, or at `stops` (0 to 1). `angle` as in CSS: 0 points up, 90 to the right."""

    colours: tuple[Color, ...]
    angle: float = 180.0
    is_radial: bool = False
    stops: tuple[float, ...] | None = None


Paint = Color | Curve | Gradient


@dataclass(frozen=True, slots=True)
class ChromaKey:
    """Which colour becomes transparent; `similarity` and `blend` (0 to 1) as in libavfilter's `chromakey`."""

    colour: Color
    similarity: float = 0.15
    blend: float = 0.05


@dataclass(frozen=True, slots=True)
class VideoContent:
    """Moving pictures of a file (relative to the job's folder).

    `begin_s` to `end_s` of the file are shown at `speed`; at the end it starts again if it `loops`, and stands
    still otherwise. `size` is what it shows at (width, height), after `rotation` (degrees clockwise) is applied.
    `is_multiplied`: it is transparent, and its colours are multiplied with the opacity.
    """

    file: str
    size: tuple[int, int]
    begin_s: float
    end_s: float
    speed: float = 1.0
    loops: bool = False
    fit: Fit = "cover"
    rotation: int = 0
    is_interlaced: bool = False
    chroma_key: ChromaKey | None = None
    is_multiplied: bool = False
    kind: Literal["video"] = "video"


@dataclass(frozen=True, slots=True)
class ImageContent:
    """A picture of a file; animated ones play (again and again if it `loops`)."""

    file: str
    fit: Fit = "cover"
    loops: bool = True
    chroma_key: ChromaKey | None = None
    kind: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class TextContent:
    """Text; wrapped at the element's width, if it has one, else at `most_width`."""

    text: str
    style: TextStyle
    most_width: float
    animation: TextAnimation | None = None
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ShapeContent:
    """A shape of the element's size. `points` (polygon, line) are in pixels of it, `path` is SVG path data."""

    shape: Literal["rect", "ellipse", "line", "polygon", "star", "path"]
    fill: Paint | None
    stroke: Color | Curve | None = None
    stroke_width: float = 0.0
    dash: tuple[float, ...] = ()
    radius: float = 0.0
    points: tuple[tuple[float, float], ...] = ()
    path: str | None = None
    kind: Literal["shape"] = "shape"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a cue and when it is said, in seconds of the element."""

    text: str
    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Cue:
    """Text shown from one time to another, in seconds of the element."""

    begin_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class SubtitlesContent:
    """Cues in order of time. With words in a cue, `style.highlight` says how the one that is said looks."""

    cues: tuple[Cue, ...]
    style: TextStyle
    most_width: float
    kind: Literal["subtitles"] = "subtitles"


@dataclass(frozen=True, slots=True)
class WaveformContent:
    """The loudness of a sound as moving bars or a line; `begin_s` is where the file starts to play."""

    file: str
    colour: Color
    begin_s: float = 0.0
    speed: float = 1.0
    look: Literal["bars", "line"] = "bars"
    bars: int = 48
    kind: Literal["waveform"] = "waveform"


@dataclass(frozen=True, slots=True)
class GroupContent:
    """Elements drawn onto a transparent picture of the element's own size, and placed as one.

    Their frames are counted from the group's first.
    """

    elements: tuple[Element, ...]
    kind: Literal["group"] = "group"


Content = (
    VideoContent | ImageContent | TextContent | ShapeContent | SubtitlesContent | WaveformContent | GroupContent
)


@dataclass(frozen=True, slots=True)
class Transition:
    """How an element comes or goes, over its first or last `frames`.

    `name` is one of `composition.transitions.TRANSITIONS`.
    """

    name: str
    frames: int
    easing: str = "linear"


@dataclass(frozen=True, slots=True)
class Element:
    """One layer, shown in frames `first` to `last` (not included) of the canvas.

    Times of curves are seconds since `first`. `x`, `y` is where the point `anchor` (0 to 1 of width and height)
    comes to lie, in pixels from the top left of the canvas or group. `width` and `height` are pixels; `None`
    is the content's own. `scale` and `rotation` (degrees clockwise) turn about the middle. `blur` is the standard
    deviation in pixels. `crop` is x, y, width, height of what is shown of the content, as shares of it.
    `where` is the JSON path in the composition, for errors. `replaces`: its `enter` is a transition from that
    element of the same list (by index) to this one.
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
    """A font of the job's; `weight` and `is_italic` are read from the file where they are `None`."""

    family: str
    file: str
    weight: int | None = None
    is_italic: bool | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """The whole picture: `frames` of `width` by `height` at `fps` (numerator, denominator), painter's order.

    `background` may be transparent.
    """

    width: int
    height: int
    fps: tuple[int, int]
    frames: int
    background: Color
    elements: tuple[Element, ...]
    fonts: tuple[FontFile, ...] = field(default=())
