"""Blend modes, by the formulas of W3C Compositing and Blending (https://www.w3.org/TR/compositing-1/)."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.surfaces.bitmap import Pixels
from ffmpeg_worker.raster.surfaces.blend_bytes import FORMULAS, BlendBytes, table_blend
from ffmpeg_worker.raster.surfaces.row_blocks import row_blocks

Rgb = npt.NDArray[np.float32]
"""Red, green and blue, 0 to 1."""


def _hard_light(below: Rgb, above: Rgb) -> Rgb:
    return np.where(above <= 0.5, below * 2 * above, _screen(below, 2 * above - 1)).astype(np.float32)


def _screen(below: Rgb, above: Rgb) -> Rgb:
    return below + above - below * above


def _color_dodge(below: Rgb, above: Rgb) -> Rgb:
    raised = np.minimum(1, below / np.maximum(1 - above, 1e-6))
    return np.where(below <= 0, 0, np.where(above >= 1, 1, raised)).astype(np.float32)


def _color_burn(below: Rgb, above: Rgb) -> Rgb:
    lowered = 1 - np.minimum(1, (1 - below) / np.maximum(above, 1e-6))
    return np.where(below >= 1, 1, np.where(above <= 0, 0, lowered)).astype(np.float32)


def _soft_light(below: Rgb, above: Rgb) -> Rgb:
    dark = below - (1 - 2 * above) * below * (1 - below)
    curve = np.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, np.sqrt(below))
    return np.where(above <= 0.5, dark, below + (2 * above - 1) * (curve - below)).astype(np.float32)


_MODES: dict[str, Callable[[Rgb, Rgb], Rgb]] = {
    "multiply": lambda below, above: below * above,
    "screen": _screen,
    "overlay": lambda below, above: _hard_light(above, below),
    "darken": np.minimum,
    "lighten": np.maximum,
    "color-dodge": _color_dodge,
    "color-burn": _color_burn,
    "hard-light": _hard_light,
    "soft-light": _soft_light,
    "difference": lambda below, above: np.abs(below - above),
    "exclusion": lambda below, above: below + above - 2 * below * above,
    "add": lambda below, above: np.minimum(1, below + above),
}
MODES = ("normal", *_MODES)
"""The names of all blend modes."""


def blend(below: Pixels, above: Pixels, mode: str) -> Pixels:
    """Return what to draw normally over `below` so that it looks like `above` blended with it.

    All three are premultiplied RGBA.

    Raises:
        KeyError: the mode does not exist.
    """
    mix = _MODES[mode]
    out = above.copy()
    for part in row_blocks(*above.shape[:2]):
        opacity = above[part, :, 3]
        if opacity.min() == 255 and below[part, :, 3].min() == 255:
            out[part] = _blend_opaque(mode)(below[part], above[part])
            out[part, :, 3] = 255
        elif opacity.any():
            out[part, :, :3] = _mix_rows(below[part], above[part], mix)
    return out


@functools.cache
def _blend_opaque(mode: str) -> BlendBytes:
    """Return the function that blends bytes of opaque pixels."""
    if mode in FORMULAS:
        return FORMULAS[mode]
    pixels = np.full((256, 256, 4), 255, np.uint8)
    below, above = pixels.copy(), pixels
    below[:, :, 0], above[:, :, 0] = np.arange(256)[:, None], np.arange(256)
    return table_blend(_mix_rows(below, above, _MODES[mode])[:, :, 0].astype(np.uint8))


def _mix_rows(below: Pixels, above: Pixels, mix: Callable[[Rgb, Rgb], Rgb]) -> Rgb:
    over_alpha = above[:, :, 3:].astype(np.float32)
    over_color: Rgb = np.minimum(above[:, :, :3] / np.maximum(over_alpha, np.float32(1)), np.float32(1))
    if below[:, :, 3].min() == 255:
        mixed = mix(below[:, :, :3] * np.float32(1 / 255), over_color)
    else:
        under_alpha = below[:, :, 3:].astype(np.float32)
        under_color: Rgb = np.minimum(below[:, :, :3] / np.maximum(under_alpha, np.float32(1)), np.float32(1))
        mixed = over_color + under_alpha * np.float32(1 / 255) * (mix(under_color, over_color) - over_color)
    mixed *= over_alpha
    return np.rint(mixed, out=mixed)
