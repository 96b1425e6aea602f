"""Placement of a bitmap on a surface: transform, opacity, blend mode."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.raster.transform import IDENTITY, Transform


@dataclass(frozen=True, slots=True)
class Placement:
    """The transform from bitmap to surface pixels, the opacity (0 to 1) and the blend mode."""

    transform: Transform = IDENTITY
    opacity: float = 1.0
    blend_mode: str = "normal"


def quantize_opacity(opacity: float) -> int:
    """Return an opacity as 0 to 255, the resolution at which it is drawn."""
    return round(min(max(opacity, 0.0), 1.0) * 255)
