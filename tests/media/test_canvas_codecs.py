"""Compositions as HEVC and AV1, and with interpolated frames, compared with synthetic sources."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio

from ffmpeg_worker.planning.composition.frame_ranges import split_frames
from support.media.decode import frames_of, onsets, rgb_frames, sound_of
from support.media.numbered_frames import HEIGHT, PATCHES, WIDTH, make_numbered, number_of, planes_of_number
from support.reference.yuv import Floats
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATE = Fraction(30000, 1001)
COUNT = 120
BT709 = (1, 1, 1, 1)  # limited range; primaries, transfer and matrix are BT.709
BEEPS = "aevalsrc=if(lt(mod(t\\,1)\\,0.05)\\,sin(2*PI*1000*t)/2\\,0):s=48000:d=4.004"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker with four cores: it renders videos of more than four seconds in two ranges."""
    async with open_worker(tmp_path_factory.mktemp("codecs"), max_concurrency=4) as opened:
        _make_source(opened.data)
        yield opened


def _make_source(folder: Path) -> None:
    """Make a video of numbered frames above four flat patches, with a beep each second."""
    tagged = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    lossless = ("-vf", tagged, "-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-c:a", "pcm_s16le")
    make_numbered(folder / "source.mkv", COUNT, RATE, *lossless, sound=BEEPS)


async def _render(worker: Worker, output: str, layers: list[dict[str, Any]] | None = None, **more: Any) -> Path:
    """Render the unchanged source, or other layers, to a file."""
    size = {"width": WIDTH, "height": HEIGHT, "fps": float(more.pop("fps", RATE))}
    composed = {**size, **more.pop("canvas", {}), "layers": layers or [{"type": "video", "src": "source.mkv"}]}
    result = await worker.run({"action": "canvas", "data": {"json": composed, "output": output, **more}})
    assert result["warnings"] == []
    return worker.data / output


OUTPUTS = [("hevc", "mp4"), ("hevc", "mov"), ("hevc", "mkv"), ("av1", "mp4"), ("av1", "mkv"), ("av1", "webm")]


@pytest.mark.parametrize(("codec", "form"), OUTPUTS)
async def test_joined_ranges_hold_every_frame_once_at_its_time(worker: Worker, codec: str, form: str) -> None:
    path = await _render(worker, f"{codec}.{form}", codec=codec, quality="high")
    (_, edge), _ = split_frames(0, COUNT, RATE, 2)
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        context = stream.codec_context
        assert context.codec.canonical_name == codec
        assert (context.width, context.height, context.pix_fmt) == (WIDTH, HEIGHT, "yuv420p")
        assert _tags(context) == BT709
        assert form in {"mkv", "webm"} or context.codec_tag == {"hevc": "hvc1", "av1": "av01"}[codec]
        keys = [number for number, packet in enumerate(_shown(file, stream)) if packet.is_keyframe]
    assert edge in keys, "there was one range only"
    # Matroska timestamps are in milliseconds.
    most = Fraction(1, 1000) if form in {"mkv", "webm"} else 0
    times = [shown.time for shown in frames_of(path)]
    assert len(times) == COUNT
    assert max(abs(time - number / RATE) for number, time in enumerate(times)) <= most
    assert [number_of(frame) for frame in rgb_frames(path)] == list(range(COUNT))


def _tags(context: Any) -> tuple[int, ...]:
    return (context.color_range, context.colorspace, context.color_primaries, context.color_trc)


def _shown(file: Any, stream: Any) -> list[Any]:
    """Return the packets in presentation order."""
    return sorted(
        (packet for packet in file.demux(stream) if packet.pts is not None), key=lambda packet: packet.pts
    )


@pytest.mark.parametrize("codec", ["hevc", "av1"])
async def test_colors_stay_on_both_sides_of_a_seam(worker: Worker, codec: str) -> None:
    path = await _render(worker, f"colours-{codec}.mp4", codec=codec, quality="high")
    for frame in rgb_frames(path):
        found = [frame[24:40, index * 16 + 4 : index * 16 + 12].mean((0, 1)) for index in range(len(PATCHES))]
        assert np.array(found) == pytest.approx(np.array(PATCHES), abs=4)


@pytest.mark.parametrize(("codec", "form"), [("hevc", "mp4"), ("av1", "mp4"), ("av1", "webm")])
async def test_the_sound_stays_with_the_picture(worker: Worker, codec: str, form: str) -> None:
    path = await _render(worker, f"sound-{codec}.{form}", codec=codec, quality="draft")
    sound = sound_of(path)
    assert len(sound) / 48_000 == pytest.approx(float(COUNT / RATE), abs=0.03)
    assert onsets(np.abs(sound), 48_000, least=0.05, apart_s=0.5) == pytest.approx(np.arange(5), abs=0.005)


async def test_lossless_hevc_is_the_source_to_the_bit(worker: Worker) -> None:
    path = await _render(worker, "lossless.mp4", codec="hevc", quality="lossless")
    frames = [shown.pixels for shown in frames_of(path)]
    assert len(frames) == COUNT
    for number, frame in enumerate(frames):
        planes = np.concatenate([plane.ravel() for plane in planes_of_number(number)])
        assert np.array_equal(frame.ravel(), planes), f"frame {number}"


@pytest.mark.parametrize("preset", ["ultrafast", "veryslow"])
@pytest.mark.parametrize("codec", ["hevc", "av1"])
async def test_a_silent_part_in_one_range(worker: Worker, codec: str, preset: str) -> None:
    layers = [{"type": "video", "src": "source.mkv", "muted": True}]
    path = await _render(
        worker, f"{codec}-{preset}.mp4", layers, codec=codec, preset=preset, startTime=1, endTime=1.5
    )
    first, last = (int(Fraction(seconds) * RATE + Fraction(1, 2)) for seconds in (1, 1.5))
    assert [number_of(frame) for frame in rgb_frames(path)] == list(range(first, last))
    assert [shown.time for shown in frames_of(path)] == [number / RATE for number in range(last - first)]
    with av.open(str(path)) as file:
        assert not file.streams.audio


SPEED = 40
"""Pixels that an edge moves in a second."""


def _edge(seconds: float) -> dict[str, Any]:
    """Return a light rectangle that moves in from the left."""
    way = [{"time": 0, "value": 16 - 96}, {"time": seconds, "value": 16 - 96 + SPEED * seconds}]
    return {"type": "shape", "x": way, "y": 0, "width": 96, "height": HEIGHT, "fill": "#ffcc00"}


def _places(frames: Iterator[Any]) -> Floats:
    """Return the position of the edge in each frame, measured by the share of light pixels."""
    light = np.array([shown.pixels[:HEIGHT].mean(0) for shown in frames])
    dark, bright = light.min(), light.max()
    places: Floats = ((light - dark) / (bright - dark)).sum(1)
    return places


@pytest.mark.parametrize(
    ("fps", "vfi", "seconds"),
    [(10, 30, 1.6), (10, 25, 1.6), (12, 60, 1.5), (25, 59.94, 1.04), (24, 20, 1.0), (10, 30, 0.2), (10, 30, 0.1)],
)
async def test_frames_made_up_lie_between_those_that_are_drawn(
    worker: Worker, fps: int, vfi: float, seconds: float
) -> None:
    canvas = {"width": 96, "duration": seconds, "background": "#203050"}
    layers = [_edge(seconds)]
    name = f"vfi-{fps}-{vfi}-{seconds}.mp4"
    path = await _render(worker, name, layers, canvas=canvas, fps=fps, vfi=vfi, quality="lossless")
    rate = Fraction(60000, 1001) if vfi == 59.94 else Fraction(vfi)
    times = [shown.time for shown in frames_of(path)]
    # Every frame that starts before the end; the last one may extend past it.
    assert times == [number / rate for number in range(math.ceil(Fraction(str(seconds)) * rate))]
    with av.open(str(path)) as file:
        assert file.streams.video[0].average_rate == rate
        assert _tags(file.streams.video[0].codec_context) == BT709
    found = _places(frames_of(path))
    drawn = 16 + SPEED * np.arange(round(seconds * fps)) / fps
    # After the last rendered frame, that frame repeats.
    wanted = np.interp(np.array(times, dtype=float), np.arange(len(drawn)) / fps, drawn)
    assert found == pytest.approx(wanted, abs=0.7)


async def test_the_sound_is_as_long_as_frames_made_up(worker: Worker) -> None:
    path = await _render(worker, "vfi-part.mp4", vfi=60, quality="draft", startTime=1, endTime=3)
    first, last = (int(seconds * RATE + Fraction(1, 2)) for seconds in (1, 3))
    length = (last - first) / RATE
    count = math.ceil(length * 60)
    assert [shown.time for shown in frames_of(path)] == [Fraction(number, 60) for number in range(count)]
    sound = sound_of(path)
    assert len(sound) / 48_000 == pytest.approx(float(length), abs=0.03)
    # The beep of second 1 starts within the first millisecond of the part.
    beeps = onsets(np.abs(sound), 48_000, least=0.05, apart_s=0.5)
    assert beeps == pytest.approx([0, *(np.arange(2, 4) - float(first / RATE))], abs=0.005)


@pytest.mark.parametrize("more", [{"codec": "av1", "render_scale": 0.1}, {"vfi": 60, "render_scale": 0.5}])
async def test_frames_too_small_are_refused_before_they_are_drawn(worker: Worker, more: dict[str, Any]) -> None:
    layers = [{"type": "video", "src": "source.mkv"}]
    data = {"json": {"width": WIDTH, "height": HEIGHT, "layers": layers}, "output": "small.mp4", **more}
    error = await worker.fail({"action": "canvas", "data": data})
    assert (error.code, error.fault) == ("frame_size_unsupported", "caller")


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (64, 16)])
async def test_av1_of_the_smallest_frames(worker: Worker, size: tuple[int, int]) -> None:
    canvas = {"width": size[0], "height": size[1], "duration": 0.5}
    path = await _render(worker, "least.mp4", canvas=canvas, codec="av1", fps=10)
    assert len(list(frames_of(path))) == 5
