"""Presets that change sounds: loudness, silence, format and length of the result."""

from __future__ import annotations

from typing import Any

import pytest

from support.media.decode import sound_of
from support.media.preset_sources import loudness_in, ramp_numbers
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def run(presets: Worker, preset: str, source: str, **fields: Any) -> dict[str, Any]:
    result = await presets.run({"action": "process", "data": {"preset": preset, "input": source, **fields}})
    media: dict[str, Any] = result["outputs"][0]["media"]
    return {**media, "name": result["outputs"][0]["name"], "warnings": result["warnings"]}


async def integrated_loudness(presets: Worker, name: str) -> float:
    measured = await presets.process(["-i", name, "-af", "ebur128=peak=true", "-f", "null", "-"])
    loudness: float = measured["measurements"][0]["integrated"]
    return loudness


@pytest.mark.parametrize("target", [-16.0, -23.0])
async def test_the_loudness_is_the_target(presets: Worker, target: float) -> None:
    media = await run(presets, "loudness", "quiet.wav", target=target, output="loud.flac")
    assert await integrated_loudness(presets, "loud.flac") == pytest.approx(target, abs=0.5)
    assert media["sample_rate"] == 44_100
    assert media["channels"] == 2
    assert media["duration"] == pytest.approx(5.0, abs=0.05)


async def test_the_picture_stays_as_it_is(presets: Worker) -> None:
    media = await run(presets, "loudness", "ramp.mp4", target=-20)
    assert media["name"] == "loudness.mp4"
    assert ramp_numbers(presets.data / "loudness.mp4") == list(range(100))
    assert await integrated_loudness(presets, "loudness.mp4") == pytest.approx(-20, abs=0.5)


async def test_silence_has_no_loudness_and_stays_silent(presets: Worker) -> None:
    media = await run(presets, "loudness", "silent.wav", output="still.wav")
    assert media["duration"] == pytest.approx(1.0, abs=0.01)
    assert not sound_of(presets.data / "still.wav").any()


async def test_silence_is_removed_and_the_rest_stays_together(presets: Worker) -> None:
    """The silences from 1 s to 2.6 s and from 3.4 s to 4 s leave 0.1 s at each end that is not the file's."""
    media = await run(presets, "remove_silence", "talk.mp4", output="talk.mp4.short.mp4")
    assert media["duration"] == pytest.approx(1.1 + 0.9 + 0.1, abs=0.06)
    numbers = ramp_numbers(presets.data / "talk.mp4.short.mp4")
    jump = next(index for index in range(1, len(numbers)) if numbers[index] - numbers[index - 1] > 5)
    assert numbers[:jump] == pytest.approx(list(range(jump)), abs=0)
    assert numbers[jump - 1] == pytest.approx(27, abs=1)
    assert numbers[jump] == pytest.approx(62, abs=1)
    # The tone of the second part begins 0.1 s after the cut, as in the source.
    cut = jump / 25
    assert loudness_in(presets.data / "talk.mp4.short.mp4", 0.1, 0.9) > 0.05
    assert loudness_in(presets.data / "talk.mp4.short.mp4", cut - 0.06, cut + 0.06) < 0.02
    assert loudness_in(presets.data / "talk.mp4.short.mp4", cut + 0.14, cut + 0.7) > 0.05
    measured = await presets.process(
        ["-i", "talk.mp4.short.mp4", "-af", "silencedetect=n=-35dB:d=0.5", "-f", "null", "-"]
    )
    assert measured["measurements"][0]["count"] == 0


async def test_silence_is_removed_from_a_sound(presets: Worker) -> None:
    media = await run(presets, "remove_silence", "steps.wav", output="steps.mp3", keep=0)
    assert media["duration"] == pytest.approx(2.0, abs=0.08)
    assert loudness_in(presets.data / "steps.mp3", 0.1, 0.9) > 0.4


async def test_a_sound_without_silence_stays_whole(presets: Worker) -> None:
    media = await run(presets, "remove_silence", "quiet.wav", threshold=-60, output="whole.wav")
    assert media["duration"] == pytest.approx(5.0, abs=0.02)


async def test_nothing_is_left_of_a_silent_input(presets: Worker) -> None:
    error = await presets.fail({"action": "process", "data": {"preset": "remove_silence", "input": "silent.wav"}})
    assert error.code == "nothing_selected"
    assert error.fault == "caller"
    assert "silent" in error.message


async def test_the_sound_of_a_video_is_taken_without_loss(presets: Worker) -> None:
    media = await run(presets, "extract_audio", "ramp.mp4")
    assert media["name"] == "audio.m4a"
    assert media["codecs"] == ["aac"]
    assert (sound_of(presets.data / "audio.m4a") == sound_of(presets.data / "ramp.mp4")).all()


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "mp3"), ("a.ogg", "opus"), ("a.flac", "flac"), ("a.wav", "pcm_s16le"), ("a.m4a", "aac")],
)
async def test_sounds_are_converted(presets: Worker, name: str, codec: str) -> None:
    media = await run(
        presets, "audio_convert", "steps.wav", output=name, start=1, duration=1, channels=2, bitrate=96
    )
    assert media["codecs"] == [codec]
    assert media["channels"] == 2
    assert media["duration"] == pytest.approx(1.0, abs=0.1)
    assert loudness_in(presets.data / name, 0.2, 0.8) > 0.4


async def test_a_part_is_muted(presets: Worker) -> None:
    await run(presets, "mute", "ramp.mp4", start=1, end=2, output="muted.mp4")
    heard = [loudness_in(presets.data / "muted.mp4", at, at + 0.9) for at in (0.05, 1.05, 2.05)]
    assert heard[0] > 0.05
    assert heard[1] < 0.001
    assert heard[2] > 0.05
    assert ramp_numbers(presets.data / "muted.mp4") == list(range(100))


async def test_the_sound_is_removed(presets: Worker) -> None:
    media = await run(presets, "remove_audio", "ramp.mp4", output="mute.mp4")
    assert media["codecs"] == ["h264"]
    assert ramp_numbers(presets.data / "mute.mp4") == list(range(100))
