"""What ffmpeg must make of an input before the renderer can use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Preparation:
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
