"""Presets that change the picture of one video: times, sizes, shapes and colors of the result."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from ffmpeg_worker.errors import WorkerError
from support.media.decode import frames_of
from support.media.preset_sources import Levels, gray_levels, loudness_in, ramp_numbers
from support.media.sources import make
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def run(presets: Worker, preset: str, source: str = "ramp.mp4", **fields: Any) -> dict[str, Any]:
    data = {"preset": preset, "input": source, "output": "out.mp4", **fields}
    result = await presets.run({"action": "process", "data": data})
    media: dict[str, Any] = result["outputs"][0]["media"]
    return media


def rgb(presets: Worker, name: str = "out.mp4") -> list[Levels]:
    return [frame.pixels for frame in frames_of(presets.data / name, form="rgb24")]


async def test_a_trim_has_exactly_its_frames(presets: Worker) -> None:
    await run(presets, "trim", start=1.2, end=2.0)
    assert ramp_numbers(presets.data / "out.mp4") == list(range(30, 50))
    await run(presets, "trim", start=3.5)
    assert ramp_numbers(presets.data / "out.mp4")[0] == pytest.approx(88, abs=1)


async def test_a_copied_part_begins_at_a_key_frame(presets: Worker) -> None:
    await run(presets, "trim", start=2, duration=1, mode="copy")
    numbers = ramp_numbers(presets.data / "out.mp4")
    assert numbers[0] == 50, "there is a key frame every 25 frames"
    assert numbers == list(range(50, 50 + len(numbers)))
    assert len(numbers) == pytest.approx(25, abs=2)


@pytest.mark.parametrize(("factor", "seconds"), [(2, 2.0), (0.5, 8.0), (5, 0.8)])
async def test_speed_changes_length_and_not_pitch(presets: Worker, factor: float, seconds: float) -> None:
    media = await run(presets, "speed", factor=factor, output="speed.mkv")
    assert media["duration"] == pytest.approx(seconds, abs=0.1)
    numbers = ramp_numbers(presets.data / "speed.mkv")
    assert len(numbers) == pytest.approx(seconds * 25, abs=2)
    middle = len(numbers) // 2
    assert numbers[middle] == pytest.approx(middle * factor, abs=max(2, factor))
    await run(presets, "extract_audio", "speed.mkv", output="speed.wav")
    spectrum = np.abs(np.fft.rfft(_samples(presets, "speed.wav")))
    assert np.argmax(spectrum) / (2 * len(spectrum)) * 48_000 == pytest.approx(440, abs=8)


def _samples(presets: Worker, name: str) -> Levels:
    from support.media.decode import sound_of

    return sound_of(presets.data / name)


async def test_a_reversed_video_begins_with_its_last_frame(presets: Worker) -> None:
    await run(presets, "reverse")
    assert ramp_numbers(presets.data / "out.mp4") == list(range(99, -1, -1))
    await run(presets, "reverse", "steps.wav", output="out.wav")
    assert loudness_in(presets.data / "out.wav", 2.1, 2.9) < 0.001


async def test_frames_are_left_out(presets: Worker) -> None:
    assert (await run(presets, "fps", fps=5))["fps"] == 5.0
    assert len(ramp_numbers(presets.data / "out.mp4")) == 20


async def test_sizes_and_turns(presets: Worker) -> None:
    media = await run(presets, "resize", "pattern.mp4", width=161)
    assert (media["width"], media["height"]) == (160, 90)
    whole = rgb(presets, "../data/pattern.mp4")[0]
    await run(presets, "crop", "pattern.mp4", width=100, height=80, x=200, y=10)
    assert np.abs(rgb(presets)[0] - whole[10:90, 200:300]).mean() < 6
    await run(presets, "rotate", "pattern.mp4", degrees=90)
    assert np.abs(rgb(presets)[0] - np.rot90(whole, -1)).mean() < 6
    await run(presets, "rotate", "pattern.mp4", degrees=270)
    assert np.abs(rgb(presets)[0] - np.rot90(whole)).mean() < 6
    await run(presets, "flip", "pattern.mp4", direction="vertical")
    assert np.abs(rgb(presets)[0] - whole[::-1]).mean() < 6
    await run(presets, "pad", "pattern.mp4", width=320, height=320, color="#ff0000")
    padded = rgb(presets)[0]
    assert np.abs(padded[70:250] - whole).mean() < 6
    assert padded[30, 160].tolist() == pytest.approx([255, 0, 0], abs=8)


async def test_a_vertical_video_has_blurred_sides(presets: Worker) -> None:
    media = await run(presets, "vertical", "pattern.mp4", width=180, height=320)
    assert (media["width"], media["height"]) == (180, 320)
    frame = rgb(presets)[0]
    whole = cv2.resize(rgb(presets, "pattern.mp4")[0].astype(np.float32), (180, 102), interpolation=cv2.INTER_AREA)
    assert np.abs(frame[109:211] - whole).mean() < 12, "the whole video is in the middle"
    for side in (frame[:105], frame[215:]):
        assert side.mean() > 30, "the sides are not black"
        assert np.abs(np.diff(side, axis=0)).mean() < np.abs(np.diff(frame[109:211], axis=0)).mean() / 5


async def test_a_vertical_video_may_be_cropped(presets: Worker) -> None:
    await run(presets, "vertical", "pattern.mp4", width=180, height=320, fill="crop")
    frame = rgb(presets)[0]
    part = rgb(presets, "pattern.mp4")[0][:, 109:211].astype(np.float32)
    assert np.abs(frame - cv2.resize(part, (180, 320), interpolation=cv2.INTER_CUBIC)).mean() < 14


async def test_a_platform_has_its_size(presets: Worker) -> None:
    media = await run(presets, "social", "blink.mp4", platform="pinterest", fill="color", color="#0000ff")
    assert (media["width"], media["height"]) == (1000, 1500)
    frame = rgb(presets)[0]
    assert frame[100, 500].tolist() == pytest.approx([0, 0, 255], abs=10)
    assert frame[750, 500].tolist() == pytest.approx([255, 0, 0], abs=16)


async def test_a_web_video_is_one_that_browsers_play(presets: Worker) -> None:
    make(
        presets.data / "film.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=640x360:r=50:d=0.5", "-f", "lavfi", "-i", "sine=300:d=0.5"),
        *("-pix_fmt", "yuv444p", "-c:v", "ffv1", "-c:a", "flac"),
    )
    media = await run(presets, "mp4_web", "film.mkv", max_width=320, max_fps=25)
    assert (media["width"], media["height"], media["fps"]) == (320, 180, 25.0)
    assert media["codecs"] == ["h264", "aac"]
    assert media["pix_fmt"] == "yuv420p"
    content = (presets.data / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "the index comes first"


async def test_an_interlaced_video_loses_its_combs(presets: Worker) -> None:
    bars = "color=s=160x90:r=50:d=1,format=yuv420p,geq=lum='if(lt(mod(X-6*N+600,80),40),200,40)':cb=128:cr=128"
    woven = f"{bars},tinterlace=mode=interleave_top,fieldorder=tff"
    make(presets.data / "woven.mp4", "-f", "lavfi", "-i", woven, "-flags", "+ilme+ildct", "-crf", "5")
    before = _combs(presets, "woven.mp4")
    await run(presets, "deinterlace", "woven.mp4")
    assert _combs(presets, "out.mp4") < before / 4
    media = await run(presets, "deinterlace", "woven.mp4", rate="fields")
    assert media["fps"] == 50.0


def _combs(presets: Worker, name: str) -> float:
    """How much rows differ from their neighbors but not from the rows after those, in the frames that move."""
    frames = [frame.pixels[:90] for frame in frames_of(presets.data / name)]
    combs = [np.maximum(0, np.abs(f[1:-1] - f[:-2]) - np.abs(f[2:] - f[:-2])).mean() for f in frames[3:-3]]
    return float(np.mean(combs))


async def test_a_shaky_video_is_steadied(presets: Worker) -> None:
    shaky = "mandelbrot=s=240x200:maxiter=40:end_pts=1,trim=end_frame=1,loop=49:1,setpts=N/25/TB,"
    shaky += "crop=160:120:x='40+12*sin(n*2.1)':y='40+9*sin(n*1.3+1)'"
    make(presets.data / "shaky.mp4", "-f", "lavfi", "-i", shaky, "-pix_fmt", "yuv420p", "-crf", "8")
    await run(presets, "stabilize", "shaky.mp4", shakiness=8, smoothing=20)
    assert _movement(presets, "out.mp4") < _movement(presets, "shaky.mp4") / 2


def _movement(presets: Worker, name: str) -> float:
    frames = [frame.pixels[20:100, 20:140].astype(np.float32) for frame in frames_of(presets.data / name)]
    moves = [cv2.phaseCorrelate(a, b)[0] for a, b in pairwise(frames)]
    return float(np.mean([np.hypot(move[0], move[1]) for move in moves[5:-5]]))


async def test_hdr_becomes_bt709_with_plausible_brightness(presets: Worker) -> None:
    tags = (
        "-color_primaries",
        "bt2020",
        "-color_trc",
        "smpte2084",
        "-colorspace",
        "bt2020nc",
        "-color_range",
        "tv",
    )
    # Codes 64, 509 and 636 of PQ are 0, 100 and 400 nits.
    patches = "lum='if(lt(X,64),64,if(lt(X,128),509,636))':cb=512:cr=512"
    source = f"color=s=192x64:r=10:d=0.3,format=yuv420p10,geq={patches},setparams=range=tv:colorspace=bt2020nc"
    source += ":color_primaries=bt2020:color_trc=smpte2084"
    make(
        presets.data / "hdr.mp4",
        "-f",
        "lavfi",
        "-i",
        source,
        "-c:v",
        "libx265",
        "-x265-params",
        "log-level=0",
        *tags,
    )
    await run(presets, "hdr_to_sdr", "hdr.mp4")
    document = await presets.run({"action": "probe", "data": {"input": "out.mp4"}})
    stream = document["streams"][0]
    assert {stream[key] for key in ("color_space", "color_transfer", "color_primaries")} == {"bt709"}
    assert stream["pix_fmt"] == "yuv420p"
    frame = next(iter(frames_of(presets.data / "out.mp4"))).pixels
    dark, white, bright = (float(frame[10:50, x : x + 30].mean()) for x in (16, 80, 144))
    assert dark == pytest.approx(16, abs=4)
    assert 110 < white < 210
    assert white + 15 < bright <= 235


async def test_a_video_that_is_not_hdr_keeps_its_brightness(presets: Worker) -> None:
    data = {"preset": "hdr_to_sdr", "input": "ramp.mp4", "output": "same.mp4"}
    result = await presets.run({"action": "process", "data": data})
    assert any("not HDR" in warning for warning in result["warnings"])
    assert gray_levels(presets.data / "same.mp4") == pytest.approx(gray_levels(presets.data / "ramp.mp4"), abs=1)


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"preset": "gif", "input": "short.wav"}, "no_video_stream", "needs video"),
        ({"preset": "loudness", "input": "square.mp4"}, "no_audio_stream", "only a picture"),
        ({"preset": "gif", "input": "lines.srt"}, "no_video_stream", "needs video"),
        ({"preset": "thumbnail", "input": "ramp.mp4", "time": 9}, "invalid_value", "ends after 4 seconds"),
        ({"preset": "crop", "input": "square.mp4", "width": 300, "height": 20}, "crop_outside", "100x100"),
        (
            {"preset": "sprite", "input": "ramp.mp4", "interval": 0.1, "tile_width": 1920},
            "invalid_value",
            "sprite",
        ),
        ({"preset": "gif", "input": "none.mp4"}, "source_not_found", ""),
    ],
)
async def test_inputs_that_do_not_fit(presets: Worker, fields: dict[str, Any], code: str, words: str) -> None:
    error: WorkerError = await presets.fail({"action": "process", "data": fields})
    assert error.code == code
    assert words in error.message
    assert error.hint
    assert error.fault in {"caller", "source"}
