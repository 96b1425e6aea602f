"""Presets that make pictures: which frames they show, where, and in which colors."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from support.media.decode import frames_of
from support.media.preset_sources import picture_of, ramp_number_of
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def run(presets: Worker, preset: str, **fields: Any) -> dict[str, Any]:
    return await presets.run({"action": "process", "data": {"preset": preset, "input": "ramp.mp4", **fields}})


@pytest.mark.parametrize(("time", "frame"), [(0, 0), (1.0, 25), (1.59, 39), (1.61, 40), (3.99, 99)])
async def test_a_thumbnail_is_the_frame_that_is_shown_at_the_time(
    presets: Worker, time: float, frame: int
) -> None:
    result = await run(presets, "thumbnail", time=time, output="t.png", width=80)
    assert [output["name"] for output in result["outputs"]] == ["t.png"]
    picture = picture_of(presets.data / "t.png")
    assert picture.shape[:2] == (45, 80)
    assert ramp_number_of(picture) == pytest.approx(frame, abs=0.4)


async def test_a_thumbnail_is_a_jpeg_or_webp_by_its_name(presets: Worker) -> None:
    for name in ("t.jpg", "t.webp"):
        await run(presets, "thumbnail", time=2, output=name)
        picture = picture_of(presets.data / name)
        assert picture.shape[:2] == (90, 160)
        assert ramp_number_of(picture) == pytest.approx(50, abs=1)


async def test_a_gif_has_its_size_frames_and_colors(presets: Worker) -> None:
    await presets.run(
        {
            "action": "process",
            "data": {"preset": "gif", "input": "pattern.mp4", "width": 160, "fps": 10, "output": "a.gif"},
        }
    )
    shown = list(frames_of(presets.data / "a.gif", form="rgb24"))
    assert len(shown) == 10
    assert [float(frame.time) for frame in shown] == pytest.approx([0.1 * n for n in range(10)], abs=0.011)
    assert shown[0].pixels.shape == (90, 160, 3)
    source = next(iter(frames_of(presets.data / "pattern.mp4", form="rgb24"))).pixels
    blocks = source.reshape(18, 10, 32, 10, 3).mean(axis=(1, 3))
    drawn = shown[0].pixels.reshape(18, 5, 32, 5, 3).mean(axis=(1, 3))
    assert np.abs(blocks - drawn).mean() < 5, "dots of the palette's colors mix to those of the picture"
    assert len(np.unique(shown[0].pixels.reshape(-1, 3), axis=0)) > 60


async def test_a_gif_of_a_part_begins_there(presets: Worker) -> None:
    await run(presets, "gif", start=2, duration=1, fps=5, width=80, output="part.gif")
    numbers = [ramp_number_of(frame.pixels) for frame in frames_of(presets.data / "part.gif", form="rgb24")]
    assert len(numbers) == 5
    # A gray of 219 steps is shown by 256 colors.
    assert numbers[0] == pytest.approx(50, abs=3)
    assert numbers[-1] == pytest.approx(70, abs=3)


async def test_a_contact_sheet_shows_the_middle_of_each_part(presets: Worker) -> None:
    await run(
        presets, "contact_sheet", columns=4, rows=2, tile_width=80, gap=10, background="#ff0000", output="s.png"
    )
    sheet = picture_of(presets.data / "s.png")
    height, width = 44, 80
    assert sheet.shape[:2] == (2 * height + 30, 4 * width + 50)
    assert sheet[5, 5, 0] > 200
    assert sheet[5, 5, 1] < 40
    for number in range(8):
        x, y = 10 + number % 4 * (width + 10), 10 + number // 4 * (height + 10)
        tile = sheet[y + 4 : y + height - 4, x + 4 : x + width - 4]
        assert ramp_number_of(tile) == pytest.approx(100 / 8 * (number + 0.5), abs=1.5)


CUE = re.compile(r"(\d+):(\d+):([\d.]+) --> (\d+):(\d+):([\d.]+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)")


async def test_the_track_of_a_sprite_says_what_is_shown_when(presets: Worker) -> None:
    result = await run(presets, "sprite", interval=0.6, columns=3, tile_width=64, output="my previews.png")
    assert [output["name"] for output in result["outputs"]] == ["my previews.png", "my previews.vtt"]
    assert result["outputs"][1]["content_type"] == "text/vtt"
    text = (presets.data / "my previews.vtt").read_text()
    assert text.startswith("WEBVTT\n\n")
    sheet = picture_of(presets.data / "my previews.png")
    cues = CUE.findall(text)
    assert len(cues) == 7
    for number, cue in enumerate(cues):
        begin, end = float(cue[2]), float(cue[5])
        assert begin == pytest.approx(0.6 * number)
        assert end == pytest.approx(min(0.6 * (number + 1), 4.0))
        assert cue[6] == "my%20previews.png"
        x, y, width, height = map(int, cue[7:])
        assert (width, height) == (64, 36)
        assert x + width <= sheet.shape[1]
        assert y + height <= sheet.shape[0]
        tile = sheet[y + 2 : y + height - 2, x + 2 : x + width - 2]
        assert ramp_number_of(tile) == pytest.approx(begin * 25, abs=1.1)


async def test_a_waveform_has_the_shape_of_the_sound(presets: Worker) -> None:
    data = {"preset": "waveform", "input": "steps.wav", "width": 300, "height": 100, "color": "#ff0000"}
    await presets.run({"action": "process", "data": {**data, "output": "w.png"}})
    picture = picture_of(presets.data / "w.png")
    assert picture.shape == (100, 300, 4)
    heights = (picture[..., 3] > 128).sum(axis=0)
    assert heights[10:90].max() <= 2
    assert heights[110:190].min() > 80
    assert 20 < heights[210:290].mean() < 45
    drawn = picture[picture[..., 3] > 250]
    assert np.abs(drawn[:, :3].mean(axis=0) - [255, 0, 0]).max() < 8


async def test_a_waveform_may_have_a_background(presets: Worker) -> None:
    data = {"preset": "waveform", "input": "steps.wav", "width": 64, "height": 32, "background": "#0000ff"}
    await presets.run({"action": "process", "data": {**data, "output": "b.png"}})
    picture = picture_of(presets.data / "b.png")
    assert np.abs(picture[2, 2, :3] - [0, 0, 255]).max() < 8
    assert np.abs(picture[16, 32, :3] - [59, 130, 246]).max() < 30
