"""Measure bars to the pixel, where thumbnails have shown that there are some."""

from __future__ import annotations

import re
from dataclasses import replace

from ffmpeg_worker.planning.vmaf.findings import Area, Geometry
from ffmpeg_worker.planning.vmaf.graph import Rectangle, Repair
from ffmpeg_worker.planning.vmaf.pairing import Pairing, Video
from ffmpeg_worker.planning.vmaf.thumbnail_format import SIDE

BARS_FILE = "bars.txt"

_MAX_FRAMES = 60
_VALUE = re.compile(rb"lavfi\.cropdetect\.([wxyh])=(\d{1,6})$", re.MULTILINE)
_MAX_CELLS = 1.5
"""Largest difference between the measured edge of the picture and the thumbnails, in cells of these."""


def bars_arguments() -> tuple[str, ...]:
    """Arguments that measure the largest picture within black bars in a frame of each second, as lines of text."""
    measured = "fps=1,cropdetect=limit=24/255:round=2:skip=0:reset=0,metadata=print:file=-"
    return (
        "-filter_complex",
        f"[0:V]{measured}[bars]",
        "-map",
        "[bars]",
        "-frames:v",
        str(_MAX_FRAMES),
        "-f",
        "null",
        "-",
    )


def place_parts(repair: Repair, pairing: Pairing, geometry: Geometry, measured: bytes) -> Repair:
    """Add the parts of both frames that show the same to a repair; `measured` is what `bars_arguments` printed."""
    inner = _measured_picture(pairing.distorted, geometry, measured) or _pixels(
        pairing.distorted, geometry.visible
    )
    if geometry.shown == Area():
        return replace(repair, distorted_part=inner)
    across = pairing.reference.width / pairing.distorted.width
    down = pairing.reference.height / pairing.distorted.height
    same = Rectangle(
        *(
            _even(side * scale)
            for side, scale in zip(
                (inner.x, inner.y, inner.width, inner.height), (across, down, across, down), strict=True
            )
        )
    )
    return replace(repair, distorted_part=inner, reference_part=same)


def _measured_picture(video: Video, geometry: Geometry, measured: bytes) -> Rectangle | None:
    """The last measurement, unless it contradicts the thumbnails: bars may have another color than black."""
    values = {name: int(value) for name, value in _VALUE.findall(measured)}
    if len(values) < 4:
        return None
    x, y, width, height = (values[name] for name in (b"x", b"y", b"w", b"h"))
    near = _pixels(video, geometry.visible)
    pairs = (
        (x, near.x, video.width),
        (y, near.y, video.height),
        (x + width, near.x + near.width, video.width),
        (y + height, near.y + near.height, video.height),
    )
    is_near = all(abs(found - expected) <= _MAX_CELLS * side / SIDE for found, expected, side in pairs)
    return Rectangle(x, y, width, height) if is_near else None


def _pixels(video: Video, area: Area) -> Rectangle:
    x, y = _even(area.left * video.width), _even(area.top * video.height)
    right, bottom = _even(area.right * video.width), _even(area.bottom * video.height)
    return Rectangle(x, y, max(right - x, 2), max(bottom - y, 2))


def _even(value: float) -> int:
    return round(value / 2) * 2
