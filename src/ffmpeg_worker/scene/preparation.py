"""What ffmpeg must make before the renderer can use it."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from ffmpeg_worker.scene.scene import FontFile


@dataclass(frozen=True, slots=True)
class ToneMapping:
    """`begin_s` to `end_s` of `file`, tone-mapped to BT.709 and turned upright, as `prepared`, which starts at 0.

    `src` is the input as it is written in the composition, `where` the layer.
    """

    where: str
    src: str = field(repr=False)  # a signed address is a key
    file: str
    prepared: str
    begin_s: float
    end_s: float
    kind: Literal["tone_map"] = "tone_map"


@dataclass(frozen=True)
class DrawnSubtitles:
    """Subtitles as libass draws `script`, transparent and `size` pixels large, as `prepared`.

    Its frames are those at `moments`, which are frames of a layer whose first one is frame `first` of the canvas,
    at `fps`; each stays until the next one. `full_size` is what `size` is without `render_scale`.
    """

    where: str
    script: str = field(repr=False)
    size: tuple[int, int]
    full_size: tuple[int, int]
    fps: Fraction
    first: int
    moments: tuple[int, ...] = field(repr=False)
    fonts: tuple[FontFile, ...] = ()
    kind: Literal["subtitles"] = "subtitles"

    @functools.cached_property
    def folder(self) -> str:
        """Where all of it lies; another one for whatever is drawn otherwise, as rows of variables may do."""
        looks = (
            self.where,
            self.script,
            self.size,
            self.full_size,
            self.fps,
            self.first,
            self.moments,
            self.fonts,
        )
        return f"_ass-{hashlib.sha256(repr(looks).encode()).hexdigest()[:16]}"

    @property
    def prepared(self) -> str:
        """The file that the renderer reads."""
        return f"{self.folder}/drawn.mov"

    def within(self, first: int, last: int) -> tuple[int, ...]:
        """The moments that frames `first` to `last` (not included) of the canvas need."""
        first, last = first - self.first, last - self.first
        before = [moment for moment in self.moments if moment <= first]
        return (*before[-1:], *(moment for moment in self.moments if first < moment < last)) or self.moments[:1]


Preparation = ToneMapping | DrawnSubtitles
