"""Blending opaque pixels in whole numbers gives what the formulas give, for every pair of values."""

from __future__ import annotations

import numpy as np
import pytest

from ffmpeg_worker.raster.surfaces.blend_modes import _MODES, _mix_rows, blend


@pytest.mark.parametrize("mode", sorted(_MODES))
def test_every_pair_of_bytes_is_blended_as_by_the_formula(mode: str) -> None:
    below, above = np.full((2, 256, 256, 4), 255, np.uint8)
    below[:, :, 0], above[:, :, 0] = np.arange(256)[:, None], np.arange(256)
    below[:, :, 2], above[:, :, 2] = np.arange(256), np.arange(256)[:, None]
    wanted = _mix_rows(below, above, _MODES[mode])
    found = blend(below, above, mode)
    assert np.array_equal(found[:, :, :3], wanted)
    assert (found[:, :, 3] == 255).all()


def test_pixels_that_are_not_opaque_follow_the_formula() -> None:
    below = np.full((4, 8, 4), 255, np.uint8)
    above = np.full((4, 8, 4), 100, np.uint8)
    below[:, :, 0] = 51
    assert tuple(blend(below, above, "multiply")[0, 0]) == (20, 100, 100, 100)
