"""Presets that join or overlay inputs: lengths, shapes and sound of the result."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.media.decode import frames_of
from support.media.preset_sources import Levels, gray_levels, loudness_in
from support.media.sources import make
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")
CLIPS = ["pattern.mp4", "square.mp4", "tall.mkv"]


async def run(presets: Worker, preset: str, inputs: Any, **fields: Any) -> dict[str, Any]:
    job = {"action": "process", "inputs": inputs, "data": {"preset": preset, **fields}}
    result = await presets.run(job)
    assert result["warnings"] == []
    media: dict[str, Any] = result["outputs"][0]["media"]
    return media


def rgb_frames(path: Path) -> list[Levels]:
    return [frame.pixels for frame in frames_of(path, form="rgb24")]


def color_at(frame: Levels, x: int, y: int) -> list[float]:
    color: list[float] = frame[y - 2 : y + 3, x - 2 : x + 3].mean(axis=(0, 1)).tolist()
    return color


async def test_different_videos_are_joined_with_sound_everywhere(presets: Worker) -> None:
    media = await run(presets, "concat", CLIPS, output="joined.mp4")
    assert media["duration"] == pytest.approx(3.5, abs=0.1)
    assert (media["width"], media["height"], media["fps"]) == (320, 180, 25.0)
    assert media["codecs"] == ["h264", "aac"]
    frames = rgb_frames(presets.data / "joined.mp4")
    assert len(frames) == pytest.approx(87, abs=1)
    assert color_at(frames[37], 160, 90) == pytest.approx([255, 0, 0], abs=6)
    assert color_at(frames[37], 20, 90) == pytest.approx([0, 0, 0], abs=3), "the square has bars"
    assert color_at(frames[70], 160, 90) == pytest.approx([0, 255, 0], abs=6)
    heard = [loudness_in(presets.data / "joined.mp4", at, at + 0.6) for at in (0.2, 1.2, 2.4)]
    assert heard[0] > 0.05
    assert heard[1] < 0.001, "a video without sound is silent"
    assert heard[2] > 0.05


async def test_a_sound_that_begins_late_stays_with_its_picture(presets: Worker) -> None:
    make(
        presets.data / "late.mp4",
        *("-f", "lavfi", "-i", "color=blue:s=64x64:r=25:d=1"),
        *("-itsoffset", "0.5", "-f", "lavfi", "-i", "sine=440:d=0.5", "-pix_fmt", "yuv420p"),
    )
    await run(presets, "concat", ["square.mp4", "late.mp4"], width=64, height=64, output="late-joined.mp4")
    assert loudness_in(presets.data / "late-joined.mp4", 1.05, 1.45) < 0.001
    assert loudness_in(presets.data / "late-joined.mp4", 1.6, 1.9) > 0.05


async def test_a_join_has_the_size_and_rate_that_are_asked_for(presets: Worker) -> None:
    media = await run(
        presets, "concat", CLIPS[1:], width=64, height=64, fps=10, background="#0000ff", output="small.mp4"
    )
    assert (media["width"], media["height"], media["fps"]) == (64, 64, 10.0)
    frames = rgb_frames(presets.data / "small.mp4")
    assert len(frames) == 25
    assert color_at(frames[20], 4, 32) == pytest.approx([0, 0, 255], abs=8)


async def test_sounds_are_joined(presets: Worker) -> None:
    media = await run(presets, "concat", ["short.wav", "steps.wav"], output="sounds.mp3")
    assert media["duration"] == pytest.approx(3.5, abs=0.06)
    assert media["codecs"] == ["mp3"]


async def test_a_crossfade_overlaps_its_neighbors(presets: Worker) -> None:
    media = await run(presets, "crossfade", CLIPS, transition_duration=0.4, output="faded.mp4")
    assert media["duration"] == pytest.approx(3.5 - 0.8, abs=0.1)
    frames = rgb_frames(presets.data / "faded.mp4")
    centers = np.array([color_at(frame, 160, 90) for frame in frames])
    assert centers[25] == pytest.approx([255, 0, 0], abs=6)
    # From 1.2 s to 1.6 s red becomes green.
    green = centers[30:41, 1]
    assert green[0] < 60
    assert green[-1] > 240
    assert all(later >= earlier - 2 for earlier, later in pairwise(green))
    assert 90 < green[5] < 165
    assert loudness_in(presets.data / "faded.mp4", 0.1, 0.5) > 0.05
    assert loudness_in(presets.data / "faded.mp4", 1.05, 1.15) < 0.002


async def test_crossfades_of_sounds(presets: Worker) -> None:
    media = await run(presets, "crossfade", ["steps.wav", "quiet.wav"], transition_duration=1, output="mixed.flac")
    assert media["duration"] == pytest.approx(7.0, abs=0.02)


async def test_a_watermark_lies_in_its_corner(presets: Worker) -> None:
    inputs = {"in_1": "tall.mkv", "in_2": "logo.png"}
    await run(
        presets,
        "watermark",
        inputs,
        position="top_left",
        margin=4,
        width=0.5,
        opacity=0.5,
        output="marked.mp4",
    )
    frames = rgb_frames(presets.data / "marked.mp4")
    assert len(frames) == 36
    for frame in (frames[0], frames[-1]):
        # The mark is 44 pixels wide and 22 high.
        assert color_at(frame, 26, 15) == pytest.approx([128, 128, 0], abs=12)
        assert color_at(frame, 26, 36) == pytest.approx([0, 255, 0], abs=8)
        assert color_at(frame, 60, 15) == pytest.approx([0, 255, 0], abs=8)


async def test_a_small_video_is_shown_from_its_start_to_its_end(presets: Worker) -> None:
    media = await run(
        presets,
        "picture_in_picture",
        {"main": "ramp.mp4", "inset": "square.mp4"},
        position="bottom_right",
        margin=10,
        width=0.25,
        start=1,
        output="inset.mp4",
    )
    assert media["duration"] == pytest.approx(4.0, abs=0.05)
    frames = rgb_frames(presets.data / "inset.mp4")
    assert len(frames) == 100
    is_red = [color_at(frame, 130, 60)[0] - color_at(frame, 130, 60)[1] > 150 for frame in frames]
    assert is_red.index(True) == pytest.approx(25, abs=1)
    assert 98 - is_red[::-1].index(True) == pytest.approx(49, abs=2)
    assert sum(is_red) == pytest.approx(25, abs=2)


async def test_both_sounds_are_heard(presets: Worker) -> None:
    files = {"main": "square.mp4", "inset": "pattern.mp4"}
    await run(presets, "picture_in_picture", files, sound="both", start=0.5, output="both.mp4")
    assert loudness_in(presets.data / "both.mp4", 0.05, 0.4) < 0.002
    assert loudness_in(presets.data / "both.mp4", 0.6, 0.9) > 0.05


async def test_the_sound_is_replaced_and_the_picture_kept(presets: Worker) -> None:
    media = await run(presets, "replace_audio", ["talk.mp4", "short.wav"], output="new.mp4")
    assert media["duration"] == pytest.approx(4.0, abs=0.05)
    assert gray_levels(presets.data / "new.mp4") == gray_levels(presets.data / "talk.mp4")
    assert loudness_in(presets.data / "new.mp4", 0.1, 0.4) > 0.05
    assert loudness_in(presets.data / "new.mp4", 0.7, 0.95) < 0.001
    await run(presets, "replace_audio", ["talk.mp4", "short.wav"], loop=True, output="loop.mp4")
    assert loudness_in(presets.data / "loop.mp4", 3.1, 3.9) > 0.05


async def test_a_new_sound_is_mixed_with_the_old_one(presets: Worker) -> None:
    await run(presets, "replace_audio", ["talk.mp4", "silent.wav"], original_volume=0.5, output="half.mp4")
    before = loudness_in(presets.data / "talk.mp4", 0.2, 0.8)
    assert loudness_in(presets.data / "half.mp4", 0.2, 0.8) == pytest.approx(before / 2, rel=0.05)
