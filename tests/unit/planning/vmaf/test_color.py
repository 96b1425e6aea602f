"""Color conversion before a comparison."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.job.media import StreamInfo
from ffmpeg_worker.planning.vmaf.color import color_options, warn_about_color

UNTAGGED = (None, None, None, None)


def stream(*color: str | None, **facts: Any) -> StreamInfo:
    return StreamInfo("video", **{"pix_fmt": "yuv420p", "color": color or UNTAGGED, **facts})


BT709 = stream("tv", "bt709", "bt709", "bt709")
BT601 = stream("tv", "smpte170m", None, None)
FULL = stream("pc", None, None, None)
RGB = stream(pix_fmt="gbrp")


@pytest.mark.parametrize(
    ("converted", "reference", "distorted", "options"),
    [
        (BT709, BT709, BT709, ()),
        (stream(), BT709, stream(), ()),  # untagged counts as the other's matrix
        (BT601, BT709, BT601, ("in_color_matrix=bt601", "out_color_matrix=bt709")),
        (BT709, BT709, BT601, ()),
        (FULL, BT709, FULL, ("in_range=pc", "out_range=tv")),
        (stream(pix_fmt="yuvj420p"), BT709, FULL, ("in_range=pc", "out_range=tv")),
        (RGB, RGB, BT709, ("out_range=tv", "out_color_matrix=bt709")),
        (RGB, RGB, stream(), ("out_range=tv",)),
        # Two names of one matrix.
        (stream("tv", "bt470bg", None, None), BT601, stream("tv", "bt470bg", None, None), ()),
    ],
)
def test_options(
    converted: StreamInfo, reference: StreamInfo, distorted: StreamInfo, options: tuple[str, ...]
) -> None:
    assert color_options(converted, reference, distorted) == options


@pytest.mark.parametrize(
    ("reference", "distorted", "parts"),
    [
        (BT709, BT709, []),
        (BT709, stream(), []),
        (FULL, BT709, ["The reference has full color range"]),
        (RGB, BT709, []),
        (BT709, BT601, ["color matrix of the distorted video, bt601"]),
        (
            BT709,
            stream("tv", "bt709", "smpte2084", "bt2020"),
            ["Transfer curves differ", "Color primaries differ"],
        ),
        (stream("tv", "bt709", "smpte2084", "unknown"), stream("tv", "bt709", "smpte2084", "bt709"), ["HDR"]),
    ],
)
def test_warnings(reference: StreamInfo, distorted: StreamInfo, parts: list[str]) -> None:
    warnings = list(warn_about_color(reference, distorted))
    assert len(warnings) == len(parts)
    assert all(part in warning for part, warning in zip(parts, warnings, strict=True))
