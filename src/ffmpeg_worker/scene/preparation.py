"""Files that FFmpeg must produce before the renderer can draw a scene."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field, fields
from fractions import Fraction

from ffmpeg_worker.scene.scene import FontFile


@dataclass(frozen=True, slots=True)
class ToneMapping:
    """An HDR video, tone-mapped to BT.709 and turned upright.

    Attributes:
        where: JSON path of the layer.
        src: the source as the composition names it.
        file: the source file.
        prepared: the file to produce; its time 0 is `begin_s`.
        begin_s, end_s: the part of the source, in seconds of the source.
    """

    where: str
    src: str = field(repr=False)  # signed URLs are secrets
    file: str
    prepared: str
    begin_s: float
    end_s: float


@dataclass(frozen=True)
class LibassDrawing:
    """Subtitles drawn by libass into a transparent video.

    Attributes:
        where: JSON path of the layer.
        script: the ASS script.
        size: width and height of the video.
        full_size: the same without `render_scale`.
        fps: frame rate of the canvas.
        first: frame of the canvas that is the first frame of the layer.
        moments: frames of the layer at which the picture may change; each is shown until the next one.
        fonts: fonts of the composition.
    """

    where: str
    script: str = field(repr=False)
    size: tuple[int, int]
    full_size: tuple[int, int]
    fps: Fraction
    first: int
    moments: tuple[int, ...] = field(repr=False)
    fonts: tuple[FontFile, ...] = ()

    @functools.cached_property
    def folder(self) -> str:
        """Folder of its files. Different drawings, as of rows of variables, have different folders."""
        drawing = tuple(getattr(self, one.name) for one in fields(self))
        return f"_ass-{hashlib.sha256(repr(drawing).encode()).hexdigest()[:16]}"

    @property
    def prepared(self) -> str:
        """The file that the renderer reads."""
        return f"{self.folder}/drawn.mov"

    def within(self, first: int, last: int) -> tuple[int, ...]:
        """Return the moments needed for frames `first` to `last` (exclusive) of the canvas."""
        first, last = first - self.first, last - self.first
        before = [moment for moment in self.moments if moment <= first]
        return (*before[-1:], *(moment for moment in self.moments if first < moment < last)) or self.moments[:1]


Preparation = ToneMapping | LibassDrawing
