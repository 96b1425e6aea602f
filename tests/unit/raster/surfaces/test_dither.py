"""Dithering: exact means, whole steps, order of channels."""

from __future__ import annotations

import numpy as np
import pytest

from ffmpeg_worker.raster.surfaces.dither import round_dithered, triangular_noise


@pytest.mark.parametrize("value", [0, 1, 77, 128, 255, 300, 1000, 65_279, 65_280])
def test_the_mean_of_a_flat_area_is_exact(value: int) -> None:
    area = round_dithered(np.full((300, 512), value, np.uint16))
    assert abs(area[:256, :256].mean() - value / 256) < 0.005
    assert int(area.max()) - int(area.min()) <= 1
    assert abs(area[64:96, 224:256].mean() - value / 256) < 0.03


def test_whole_steps_stay_as_they_are() -> None:
    steps = np.arange(256, dtype=np.uint16).reshape(16, 16)
    assert (round_dithered(steps * 256) == steps).all()


def test_channels_keep_their_order() -> None:
    values = np.random.default_rng(1).integers(0, 65_281, (40, 50, 4)).astype(np.uint16)
    values[..., :3] = np.minimum(values[..., :3], values[..., 3:])
    rounded = round_dithered(values)
    assert (rounded[..., :3] <= rounded[..., 3:]).all()


def test_noise_is_triangular_and_has_no_mean() -> None:
    noise = triangular_noise(512, 300) / 256
    assert noise.shape == (300, 512)
    assert abs(noise.mean()) < 0.005
    assert noise.var() == pytest.approx(1 / 6, abs=0.005)
    assert (np.abs(noise) <= 1).all()
    blocks = noise[:288].reshape(9, 32, 16, 32).mean((1, 3))
    assert np.abs(blocks).max() < 0.02
