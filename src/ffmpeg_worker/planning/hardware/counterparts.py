"""Software encoders and their counterparts of NVENC: what each setting becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_X26X_PRESETS = {
    "ultrafast": "p1",
    "superfast": "p2",
    "veryfast": "p3",
    "faster": "p4",
    "fast": "p5",
    "medium": "p6",
    "slow": "p7",
    "slower": "p7",
    "veryslow": "p7",
    "placebo": "p7",
}
_SVT_PRESETS = {
    **{str(number): "p7" for number in range(6)},
    "6": "p6",
    "7": "p6",
    "8": "p5",
    "9": "p4",
    "10": "p3",
    "11": "p2",
    "12": "p1",
    "13": "p1",
}
_AOM_PRESETS = {
    **{str(number): "p7" for number in range(4)},
    "4": "p6",
    "5": "p5",
    "6": "p4",
    "7": "p3",
    "8": "p2",
}


@dataclass(frozen=True, slots=True)
class Counterpart:
    """How one software encoder is replaced.

    `crf` is its own default, `largest_crf` the end of its scale. `speeds` are what its speed option,
    `speed_option`, may be; `speed` is the preset without one. `pixel_formats` are those that become the same
    stream; others are not mapped.
    """

    encoder: str
    crf: float
    largest_crf: float
    speed_option: str
    speeds: Mapping[str, str]
    speed: str
    profiles: frozenset[str]
    pixel_formats: Mapping[str, str]


_EIGHT_BIT = {"yuv420p": "yuv420p", "nv12": "nv12"}
_TEN_BIT = {**_EIGHT_BIT, "yuv420p10le": "p010le", "p010le": "p010le"}

COUNTERPARTS: Mapping[str, Counterpart] = {
    "libx264": Counterpart(
        encoder="h264_nvenc",
        crf=23,
        largest_crf=51,
        speed_option="preset",
        speeds=_X26X_PRESETS,
        speed="p6",
        profiles=frozenset({"baseline", "main", "high"}),
        # Only the newest cards encode H.264 in 10 bit.
        pixel_formats=_EIGHT_BIT,
    ),
    "libx265": Counterpart(
        encoder="hevc_nvenc",
        crf=28,
        largest_crf=51,
        speed_option="preset",
        speeds=_X26X_PRESETS,
        speed="p6",
        profiles=frozenset({"main", "main10"}),
        pixel_formats=_TEN_BIT,
    ),
    "libsvtav1": Counterpart(
        encoder="av1_nvenc",
        crf=35,
        largest_crf=63,
        speed_option="preset",
        speeds=_SVT_PRESETS,
        speed="p5",
        profiles=frozenset({"main"}),
        pixel_formats=_TEN_BIT,
    ),
    "libaom-av1": Counterpart(
        encoder="av1_nvenc",
        crf=32,
        largest_crf=63,
        speed_option="cpu-used",
        speeds=_AOM_PRESETS,
        speed="p7",
        profiles=frozenset({"main"}),
        pixel_formats=_TEN_BIT,
    ),
}
"""By the name of the software encoder."""

LEVELS = frozenset(
    "1 1.0 1b 1.1 1.2 1.3 2 2.0 2.1 2.2 3 3.0 3.1 3.2 4 4.0 4.1 4.2 5 5.0 5.1 5.2 6.0 6.1 6.2".split()
)
"""Of H.264, as h264_nvenc writes them."""
