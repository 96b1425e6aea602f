"""The content of elements of a scene: media, text, shapes, subtitles and waveforms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ffmpeg_worker.composition.choices import Fit, ShapeName, WaveformLook
from ffmpeg_worker.scene.curve import Color, Curve
from ffmpeg_worker.scene.text_style import TextAnimation, TextStyle


@dataclass(frozen=True, slots=True)
class Gradient:
    """A gradient of colors in even steps, or at `stops` (0 to 1).

    `angle` is as in CSS: 0 points up, 90 to the right.
    """

    colors: tuple[Color, ...]
    angle: float = 180.0
    is_radial: bool = False
    stops: tuple[float, ...] | None = None


Paint = Color | Curve | Gradient


@dataclass(frozen=True, slots=True)
class ChromaKey:
    """The color that becomes transparent; `similarity` and `blend` (0 to 1) as in FFmpeg's `chromakey` filter."""

    color: Color
    similarity: float = 0.15
    blend: float = 0.05


@dataclass(frozen=True, slots=True)
class VideoContent:
    """Frames of a video file.

    Attributes:
        file: relative to the folder of the job.
        size: width and height as displayed, with `rotation` applied.
        begin_s, end_s: the part that is shown, in seconds of the file; the last frame is held at its end.
        speed: factor.
        loops: start the part again at its end.
        fit: how it fills the element's box.
        rotation: degrees clockwise.
        is_interlaced: deinterlace it.
        is_multiplied: it has an alpha channel, and its colors are premultiplied.
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
    """An image file; animated ones play, and repeat if it `loops`.

    `is_opaque`: it has no alpha channel; false where that is unknown.
    """

    file: str
    fit: Fit = "cover"
    loops: bool = True
    chroma_key: ChromaKey | None = None
    is_opaque: bool = False
    kind: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class TextContent:
    """Text, wrapped at the width of the element, or at `max_width` if it has none."""

    text: str
    style: TextStyle
    max_width: float
    animation: TextAnimation | None = None
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ShapeContent:
    """A shape in the size of the element.

    `points` of polygons and lines are pixels within the element; `path` is SVG path data.
    """

    shape: ShapeName
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
    """A word of a cue and when it is spoken, in seconds of the element."""

    text: str
    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Cue:
    """Text with its start and end, in seconds of the element."""

    begin_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class SubtitlesContent:
    """Cues in order of time; `style.highlight` is the style of the spoken word of cues with words."""

    cues: tuple[Cue, ...]
    style: TextStyle
    max_width: float
    kind: Literal["subtitles"] = "subtitles"


@dataclass(frozen=True, slots=True)
class WaveformContent:
    """The audio level of a file as bars or a line; the file starts at `begin_s`."""

    file: str
    color: Color
    begin_s: float = 0.0
    speed: float = 1.0
    look: WaveformLook = "bars"
    bars: int = 48
    kind: Literal["waveform"] = "waveform"
