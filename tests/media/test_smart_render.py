"""Compositions whose frames are copied from their clips where no pixel changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio

from ffmpeg_worker.bitstreams.h264 import read_sequence
from ffmpeg_worker.bitstreams.hevc import read_id
from ffmpeg_worker.bitstreams.nal_units import is_parameter_set, split_lengths, unit_type
from ffmpeg_worker.bitstreams.stream_parameters import read_stream_parameters
from ffmpeg_worker.planning.chunks.packet_index import PacketIndex, read_packet_index
from support.media.compared_packets import read_streams
from support.media.decode import Shown, frames_of
from support.media.sources import make
from support.reference.yuv import psnr
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

_TAGS = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
_TITLE = {"type": "text", "text": "Hello", "start": 2, "duration": 0.4, "y": "60%"}
_A: dict[str, Any] = {"type": "video", "src": "a.mp4"}
_B: dict[str, Any] = {"type": "video", "src": "b.mp4", "start": "auto"}


def _make_clip(path: Path, pattern: str, *options: str, rate: str = "25", seconds: float = 4) -> Path:
    picture = f"{pattern}=s=160x90:r={rate}:d={seconds},format=yuv420p,{_TAGS}"
    return make(
        path,
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"),
        *("-c:v", "libx264", "-preset", "veryfast", "-g", "20", "-bf", "3", *options, "-c:a", "aac", "-shortest"),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker with clips `a.mp4` and `b.mp4` of equal parameters: 100 frames, key frames 20 apart or closer."""
    async with open_worker(tmp_path_factory.mktemp("worker")) as opened:
        _make_clip(opened.data / "a.mp4", "testsrc2")
        _make_clip(opened.data / "b.mp4", "testsrc")
        yield opened


async def _render(worker: Worker, layers: Sequence[dict[str, Any]], output: str, **more: Any) -> dict[str, Any]:
    fps = more.pop("fps", 25)
    composition = {"width": 160, "height": 90, "fps": fps, "layers": layers}
    data = {"json": composition, "output": output, "smart_render": True, **more}
    return await worker.run({"action": "canvas", "data": data})


def _frames(path: Path) -> list[Shown]:
    return list(frames_of(path))


def _find_copied(found: Sequence[Shown], sources: Sequence[Shown]) -> list[int]:
    """The numbers of the frames that equal those of the sources at the same place."""
    pairs = enumerate(zip(found, sources, strict=True))
    return [number for number, (one, other) in pairs if np.array_equal(one.pixels, other.pixels)]


def _check_rendered(worker: Worker, output: str, rendered: str, sources: Sequence[Shown], copied: int) -> None:
    """Each frame is in its place, and is either that of its source or what rendering all frames gives."""
    found, truth = _frames(worker.data / output), _frames(worker.data / rendered)
    assert [shown.time for shown in found] == [Fraction(number, 25) for number in range(len(sources))]
    same = set(_find_copied(found, sources))
    assert len(same) >= copied
    for number, (one, other) in enumerate(zip(found, truth, strict=True)):
        assert number in same or psnr(one.pixels / 255, other.pixels / 255) > 30, number


async def test_trimmed_and_joined_clips_keep_their_frames(worker: Worker) -> None:
    layers = [{**_A, "trim": {"start": 0.52, "end": 3.4}}, _B]
    result = await _render(worker, layers, "joined.mp4")
    assert (result["warnings"], result["stats"]["frames"]) == ([], 172)
    await _render(worker, layers, "encoded.mp4", smart_render=False)
    sources = [*_frames(worker.data / "a.mp4")[13:85], *_frames(worker.data / "b.mp4")]
    # All but the frames before the first key frame of the trimmed clip, and at most three after its last copied.
    assert result["stats"]["copied_frames"] >= 172 - 20 - 3
    _check_rendered(worker, "joined.mp4", "encoded.mp4", sources, result["stats"]["copied_frames"])
    (_, sound), (_, wanted) = (read_streams(worker.data / name) for name in ("joined.mp4", "encoded.mp4"))
    assert (sound.digests, sound.pts) == (wanted.digests, wanted.pts)


async def test_frames_with_a_title_or_a_transition_are_rendered(worker: Worker) -> None:
    fade = {"in": {"type": "fade", "duration": 0.4, "overlap": True}}
    layers = [_A, {**_B, "transition": fade}, _TITLE]
    result = await _render(worker, layers, "titled.mp4")
    await _render(worker, layers, "titled-encoded.mp4", smart_render=False)
    a, b = _frames(worker.data / "a.mp4"), _frames(worker.data / "b.mp4")
    copied = result["stats"]["copied_frames"]
    # Of 190 frames, 10 have the title and 10 the transition; a key frame follows at most 19 frames later.
    assert 190 - 20 - 2 * 19 - 2 * 3 <= copied <= 190 - 20
    _check_rendered(worker, "titled.mp4", "titled-encoded.mp4", [*a[:90], *b], copied)
    found, truth = (_frames(worker.data / name) for name in ("titled.mp4", "titled-encoded.mp4"))
    for number in (50, 59, 90, 95):
        assert psnr(found[number].pixels / 255, truth[number].pixels / 255) > 30


async def test_a_part_of_a_composition_is_copied(worker: Worker) -> None:
    result = await _render(worker, [_A, _B], "part.mkv", startTime=2, endTime=7)
    found = _frames(worker.data / "part.mkv")
    sources = [*_frames(worker.data / "a.mp4")[50:], *_frames(worker.data / "b.mp4")[:75]]
    assert len(_find_copied(found, sources)) >= result["stats"]["copied_frames"] >= 100
    assert max(abs(shown.time - Fraction(number, 25)) for number, shown in enumerate(found)) <= Fraction(1, 1000)


async def test_players_find_all_parameter_sets_in_front(worker: Worker) -> None:
    await _render(worker, [{**_A, "trim": {"start": 0.52}}, _B], "strict.mp4")
    with av.open(str(worker.data / "strict.mp4")) as container:
        video = container.streams.video[0]
        sets = read_stream_parameters("h264", bytes(video.codec_context.extradata or b""))
        units = [unit for packet in container.demux(video) for unit in split_lengths(bytes(packet), 4)]
    assert sorted(read_sequence(unit).id for unit in sets.h264_sequences) == [0, 1]
    assert not any(is_parameter_set("h264", unit) for unit in units)
    (video_packets, _) = read_streams(worker.data / "strict.mp4")
    times = [dts for dts in video_packets.dts if dts is not None]
    assert times == sorted(set(times))
    assert len(times) == len(video_packets.pts)


@pytest.mark.parametrize(
    ("name", "options", "rate", "begin_s", "skipped"),
    [
        # Its only IDR picture is the first one.
        ("open.mp4", ("-x264-params", "open-gop=1:b-pyramid=normal:scenecut=0"), "25", 0, 0),
        ("baseline.mkv", ("-profile:v", "baseline"), "30000/1001", 0.21, 6),
        # The file begins with its sound, 23 ms before the first frame.
        ("shifted.mov", ("-bf", "0", "-output_ts_offset", "1.5"), "25", 0.2, 4),
    ],
)
async def test_other_sources_are_copied(
    worker: Worker, name: str, options: tuple[str, ...], rate: str, begin_s: float, skipped: int
) -> None:
    _make_clip(worker.data / name, "testsrc2", *options, rate=rate)
    output = f"of-{Path(name).stem}.mp4"
    clip = {"type": "video", "src": name, "trim": {"start": begin_s}}
    layers: list[dict[str, Any]] = [clip, {**_TITLE, "start": 3}]
    result = await _render(worker, layers, output, fps=float(Fraction(rate)))
    found, exact = _frames(worker.data / output), Fraction(rate)
    sources = _frames(worker.data / name)[skipped : skipped + len(found)]
    count = min(len(found), len(sources))
    assert [shown.time for shown in found] == [number / exact for number in range(len(found))]
    assert len(_find_copied(found[:count], sources)) >= result["stats"]["copied_frames"] >= 50


_X265 = "keyint=20:min-keyint=20:bframes=4:b-adapt=0:scenecut=0:log-level=none"
_HEVC_CLIPS = {
    # Pictures that follow a key frame and are shown before it need the group before.
    "open groups": ("h-open.mp4", ("-x265-params", f"{_X265}:open-gop=1", "-tag:v", "hvc1"), 21),
    "closed groups": ("h-closed.mkv", ("-x265-params", f"{_X265}:open-gop=0:bframes=2"), 19),
    # Its parameter sets are also among the pictures.
    "sets in packets": ("h-hev1.mov", ("-x265-params", f"{_X265}:repeat-headers=1", "-tag:v", "hev1"), 21),
}


@pytest.mark.parametrize("case", _HEVC_CLIPS)
async def test_frames_of_hevc_are_copied(worker: Worker, case: str) -> None:
    name, options, encoded = _HEVC_CLIPS[case]
    _make_clip(worker.data / name, "testsrc2", "-c:v", "libx265", "-preset", "ultrafast", *options)
    stem = Path(name).stem
    clip = {"type": "video", "src": name, "muted": True}
    # The second part begins within a group, and its first key frame follows encoded frames.
    layers: list[dict[str, Any]] = [
        {**clip, "trim": {"end": 1.6}},
        {**clip, "trim": {"start": 0.52}, "start": "auto"},
    ]
    result = await _render(worker, layers, f"{stem}-out.mp4", codec="hevc")
    await _render(worker, layers, f"{stem}-encoded.mp4", codec="hevc", smart_render=False)
    frames = _frames(worker.data / name)
    copied = result["stats"]["copied_frames"]
    assert (result["warnings"], result["stats"]["frames"]) == ([], 127)
    assert 127 - encoded <= copied < 127
    _check_rendered(worker, f"{stem}-out.mp4", f"{stem}-encoded.mp4", [*frames[:40], *frames[13:]], copied)
    _check_sample_entry(worker.data / f"{stem}-out.mp4")


def _check_sample_entry(path: Path) -> None:
    """All parameter sets are in front, those of the encoder and of the clip under different numbers."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        sets = read_stream_parameters("hevc", bytes(video.codec_context.extradata or b""))
        units = [unit for packet in container.demux(video) for unit in split_lengths(bytes(packet), 4)]
        assert video.codec_context.codec_tag == "hvc1"
    found = [(unit_type("hevc", unit), read_id(unit)) for unit in sets.units]
    assert len(found) == len(set(found)) == 6
    assert not any(is_parameter_set("hevc", unit) for unit in units)


async def test_hevc_that_is_copied_alone_keeps_its_parameter_sets(worker: Worker) -> None:
    options = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", _X265)
    _make_clip(worker.data / "alone.mp4", "testsrc2", *options)
    layers = [{"type": "video", "src": "alone.mp4"}]
    result = await _render(worker, layers, "alone-out.mkv", codec="hevc")
    assert result["stats"]["copied_frames"] == result["stats"]["frames"] == 100
    found = _frames(worker.data / "alone-out.mkv")
    assert _find_copied(found, _frames(worker.data / "alone.mp4")) == [*range(100)]


async def test_hevc_of_another_form_is_rendered(worker: Worker) -> None:
    options = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", _X265, "-pix_fmt", "yuv420p10le")
    _make_clip(worker.data / "ten.mp4", "testsrc2", *options, seconds=1)
    result = await _render(worker, [{"type": "video", "src": "ten.mp4"}], "ten-out.mp4", codec="hevc")
    assert result["warnings"] == [
        "All frames were rendered: no frame shows only one HEVC clip as it is, in the size of the canvas."
    ]


async def test_the_clip_with_most_frames_is_copied_where_parameters_differ(worker: Worker) -> None:
    _make_clip(worker.data / "other.mp4", "testsrc", "-refs", "4", "-crf", "30")
    layers = [_A, {**_B, "src": "other.mp4", "duration": 3}]
    result = await _render(worker, layers, "unequal.mp4")
    assert 97 <= result["stats"]["copied_frames"] <= 100
    sources = [*_frames(worker.data / "a.mp4"), *_frames(worker.data / "other.mp4")[:75]]
    await _render(worker, layers, "unequal-encoded.mp4", smart_render=False)
    _check_rendered(worker, "unequal.mp4", "unequal-encoded.mp4", sources, result["stats"]["copied_frames"])


async def test_frames_of_a_variable_rate_are_rendered(worker: Worker) -> None:
    drops = "-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr"
    _make_clip(worker.data / "vfr.mp4", "testsrc2", *drops)
    result = await _render(worker, [{**_A, "src": "vfr.mp4"}], "of-vfr.mp4")
    assert result["warnings"] == [
        "All frames were rendered: no key frame is followed by a second of frames to copy."
    ]
    assert len(_frames(worker.data / "of-vfr.mp4")) == 100


async def test_a_quality_asks_for_an_encoding(worker: Worker) -> None:
    layers = [{**_A, "muted": True}]
    composition = {"width": 160, "height": 90, "fps": 25, "layers": layers}
    for more, copied in (({}, True), ({"crf": 40}, False), ({"smart_render": True, "crf": 40}, True)):
        data = {"json": composition, "output": "asked.mp4", **more}
        result = await worker.run({"action": "canvas", "data": data})
        assert (result["stats"].get("copied_frames", 0) > 0, result["warnings"]) == (copied, [])


def _index_without_a_frame(document: dict[str, Any]) -> PacketIndex:
    return read_packet_index({**document, "frames": document["frames"] - 1})


async def test_all_is_rendered_where_the_frames_do_not_join(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffmpeg_worker.pipeline.smart_render.read_packet_index", _index_without_a_frame)
    result = await _render(worker, [{**_A, "muted": True}], "again.mp4")
    assert result["warnings"] == ["All frames were rendered: the copied frames did not fit."]
    assert result["stats"]["frames"] == len(_frames(worker.data / "again.mp4")) == 100
