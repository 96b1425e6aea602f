"""Waveforms of sounds with known levels."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap
from ffmpeg_worker.scene.content import WaveformContent
from support.media.opened_sources import open_content
from support.media.sources import make

_RED, _BLUE, _WHITE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0)


def _beep(folder: Path, name: str = "a.m4a") -> Path:
    """Write a sound with a low tone from second 1 to 2, a high one from 12 to 13, and silence otherwise."""
    deep, high = "sin(2*PI*200*t)*between(t,1,2)", "sin(2*PI*5000*t)*between(t,12,13)"
    sound = f"aevalsrc='0.5*({deep}+{high})':s=44100:d=15"
    return make(folder / name, "-f", "lavfi", "-i", sound)


@pytest.mark.parametrize("look", ["bars", "line"])
def test_waveforms_follow_the_sound(tmp_path: Path, look: str) -> None:
    _beep(tmp_path)
    content = WaveformContent("a.m4a", (1, 1, 1, 0.5), look=look, bars=16)  # type: ignore[arg-type]
    source = open_content(content, tmp_path, (320, 80))

    def reach(time_s: float) -> Pixels:
        bitmap = source.render(time_s)
        assert isinstance(bitmap, RgbaBitmap)
        covered: Pixels = (bitmap.rgba[..., 3] > 40).sum(axis=0)
        return covered

    rows = {time_s: _rows(source.render(time_s)) for time_s in (0.5, 1.5, 2.6, 12.5)}
    assert rows[0.5] < 15
    assert rows[1.5] > 50
    assert rows[2.6] < 15
    assert rows[12.5] > 50
    if look == "bars":
        assert reach(1.5)[:160].max() > 2 * reach(1.5)[160:].max()
        assert reach(12.5)[160:].max() > 2 * reach(12.5)[:160].max()
        assert source.render(4.0) is source.render(4.1)


def _rows(bitmap: object) -> int:
    assert isinstance(bitmap, RgbaBitmap)
    return int((bitmap.rgba[..., 3].max(axis=1) > 40).sum())


def test_a_waveform_does_not_depend_on_the_times_before(tmp_path: Path) -> None:
    _beep(tmp_path, "a.mka")
    content = WaveformContent("a.mka", _WHITE, begin_s=0.3, speed=1.5)
    played = open_content(content, tmp_path, (200, 60))
    in_order = {n: played.render(n / 30) for n in range(300)}
    for n in (299, 250, 27, 240, 20, 0):
        jumped = open_content(content, tmp_path, (200, 60)).render(n / 30)
        then = in_order[n]
        assert isinstance(jumped, RgbaBitmap)
        assert isinstance(then, RgbaBitmap)
        assert (jumped.rgba == then.rgba).all(), n


def test_a_file_without_sound_has_no_waveform(tmp_path: Path) -> None:
    make(tmp_path / "a.mp4", "-f", "lavfi", "-i", "color=size=32x32:duration=0.2")
    with pytest.raises(RasterError) as caught:
        open_content(WaveformContent("a.mp4", _WHITE), tmp_path, (10, 10), "layers[2]")
    assert (caught.value.code, caught.value.where) == ("source_has_no_sound", "layers[2]")
