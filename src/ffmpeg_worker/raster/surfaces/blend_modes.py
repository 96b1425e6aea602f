"""Blend modes by the formulas of W3C's Compositing and Blending."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.surfaces.bitmap import Pixels

Light = npt.NDArray[np.float32]
"""Red, green and blue, 0 to 1."""


def _hard_light(below: Light, above: Light) -> Light:
    return np.where(above <= 0.5, below * 2 * above, _screen(below, 2 * above - 1)).astype(np.float32)


def _screen(below: Light, above: Light) -> Light:
    return below + above - below * above


def _color_dodge(below: Light, above: Light) -> Light:
    raised = np.minimum(1, below / np.maximum(1 - above, 1e-6))
    return np.where(below <= 0, 0, np.where(above >= 1, 1, raised)).astype(np.float32)


def _color_burn(below: Light, above: Light) -> Light:
    lowered = 1 - np.minimum(1, (1 - below) / np.maximum(above, 1e-6))
    return np.where(below >= 1, 1, np.where(above <= 0, 0, lowered)).astype(np.float32)


def _soft_light(below: Light, above: Light) -> Light:
    dark = below - (1 - 2 * above) * below * (1 - below)
    curve = np.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, np.sqrt(below))
    return np.where(above <= 0.5, dark, below + (2 * above - 1) * (curve - below)).astype(np.float32)


_MODES: dict[str, Callable[[Light, Light], Light]] = {
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
"""Every blend mode's name."""


_AT_ONCE = 16_384
"""Pixels: as many as stay in the processor's cache while they are mixed, which is several times quicker."""


def blended(below: Pixels, above: Pixels, mode: str) -> Pixels:
    """What `above` becomes for being drawn normally; both, and that, are RGBA multiplied with their opacity.

    Raises:
        KeyError: there is no such mode.
    """
    mix = _MODES[mode]
    out = above.copy()
    rows = max(1, _AT_ONCE // above.shape[1])
    for top in range(0, above.shape[0], rows):
        part = slice(top, top + rows)
        if above[part, :, 3].any():
            out[part, :, :3] = _mixed(below[part], above[part], mix)
    return out


def _mixed(below: Pixels, above: Pixels, mix: Callable[[Light, Light], Light]) -> Light:
    over_alpha = above[:, :, 3:].astype(np.float32)
    over_colour: Light = np.minimum(above[:, :, :3] / np.maximum(over_alpha, np.float32(1)), np.float32(1))
    if below[:, :, 3].min() == 255:
        mixed = mix(below[:, :, :3] * np.float32(1 / 255), over_colour)
    else:
        under_alpha = below[:, :, 3:].astype(np.float32)
        under_colour: Light = np.minimum(below[:, :, :3] / np.maximum(under_alpha, np.float32(1)), np.float32(1))
        mixed = over_colour + under_alpha * np.float32(1 / 255) * (mix(under_colour, over_colour) - over_colour)
    mixed *= over_alpha
    return np.rint(mixed, out=mixed)
