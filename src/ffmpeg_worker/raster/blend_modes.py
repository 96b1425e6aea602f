"""Blend modes by the formulas of W3C's Compositing and Blending."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.picture import Bytes

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


def blended(below: Bytes, above: Bytes, mode: str) -> Bytes:
    """What `above` becomes for being drawn normally; both, and that, are RGBA multiplied with their opacity.

    Raises:
        KeyError: there is no such mode.
    """
    under: Light = below.astype(np.float32) / np.float32(255)
    over: Light = above.astype(np.float32) / np.float32(255)
    under_alpha, over_alpha = under[:, :, 3:], over[:, :, 3:]
    under_colour: Light = np.clip(under[:, :, :3] / np.maximum(under_alpha, 1e-6), 0, 1)
    over_colour: Light = np.clip(over[:, :, :3] / np.maximum(over_alpha, 1e-6), 0, 1)
    mixed = (1 - under_alpha) * over_colour + under_alpha * _MODES[mode](under_colour, over_colour)
    out = above.copy()
    out[:, :, :3] = np.rint(mixed * over_alpha * 255)
    return out
