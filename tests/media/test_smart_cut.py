"""A smart cut has exactly the frames of the part: copied ones are those of the source, bit by bit."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio

from ffmpeg_worker.bitstreams.nal_units import unit_type
from ffmpeg_worker.bitstreams.stream_parameters import read_stream_parameters
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.pipeline import smart_cut
from support.media.sources import make
from support.recording_runtime import run_in_attempts
from support.shared_files import share_folder
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE = "96x64"
SECONDS = 4
LEAST_PSNR = 34.0
"""The level of such small pictures allows HEVC few bits."""
ADTS_BYTES = 7
HALF_PACKET_S = Fraction(512, 48000)


def _encode(path: Path, *options: str, rate: str = "25") -> None:
    sources = (
        f"testsrc2=s={SIZE}:r={rate}:d={SECONDS}",
        f"aevalsrc=0.3*sin(2*PI*(200+90*t)*t):s=48000:d={SECONDS}",
    )
    inputs = [token for source in sources for token in ("-f", "lavfi", "-i", source)]
    make(path, *inputs, "-pix_fmt", "yuv420p", "-preset", "veryfast", *options)


def _copy(source: Path, target: Path) -> None:
    make(target, "-i", str(source), "-c", "copy")


def _make_files(data: Path) -> None:
    x264 = ("-c:v", "libx264", "-g", "25", "-keyint_min", "25", "-bf", "3", "-sc_threshold", "0")
    x265 = ("-c:v", "libx265", "-x265-params")
    _encode(data / "closed.mp4", *x264, "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")
    _encode(data / "open.mp4", *x264, "-x264-params", "open-gop=1", "-an")
    vfr = ("-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr", "-pix_fmt", "yuv420p10le")
    _encode(data / "vfr-10-bit.mp4", *x264, *vfr, rate="30000/1001")
    _encode(data / "hevc-open.mp4", *x265, "keyint=25:min-keyint=25:bframes=4:scenecut=0:log-level=none")
    _encode(
        data / "hevc-10-bit.mkv",
        *("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params"),
        "keyint=25:min-keyint=25:open-gop=0:bframes=2:scenecut=0:log-level=none",
    )
    _copy(data / "closed.mp4", data / "closed.mkv")
    _copy(data / "closed.mp4", data / "closed.ts")
    _copy(data / "hevc-open.mp4", data / "hevc-open.ts")
    make(data / "edit.mp4", "-ss", "0.6", "-i", str(data / "closed.mp4"), "-c", "copy")
    make(data / "rotated.mp4", "-display_rotation", "90", "-i", str(data / "closed.mp4"), "-c", "copy")
    late = ("-itsoffset", "0.3", "-i", str(data / "closed.mp4"), "-i", str(data / "closed.mp4"))
    make(data / "late-sound.ts", *late, "-map", "1:v", "-map", "0:a", "-c", "copy")
    make(data / "late-video.mp4", *late, "-map", "0:v", "-map", "1:a", "-c", "copy")
    (data / "chapters.txt").write_text(
        ";FFMETADATA1\ntitle=Film\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1\nSTART=2\nEND=4\ntitle=Two\n"
    )
    (data / "subs.srt").write_text("1\n00:00:02,000 --> 00:00:03,000\nHello\n")
    parts = (str(data / name) for name in ("closed.mp4", "subs.srt", "chapters.txt"))
    inputs = [token for part in parts for token in ("-i", part)]
    maps = "-map 0:v -map 0:a -map 1:s -map_metadata 2 -map_chapters 2".split()
    make(data / "many.mkv", *inputs, *maps, "-metadata:s:v", "title=Picture", "-c", "copy")
    make(data / "mpeg4.mp4", "-i", str(data / "closed.mp4"), "-c:v", "mpeg4", "-c:a", "copy")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("smart-cut")
    shutil.copytree(share_folder(tmp_path_factory, "smart-cut-sources", _make_files), root / "data")
    async with open_worker(root) as started:
        yield started


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A media file."""
    with av.open(str(path)) as container:
        yield container


@dataclass(frozen=True)
class Frame:
    """A decoded frame; `time` is relative to the start of the file."""

    time: Fraction
    picture: Any
    digest: str


def decode(path: Path) -> list[Frame]:
    """All frames of a video as they are shown."""
    with opened(path) as container:
        video = container.streams.video[0]
        start = Fraction(container.start_time or 0, 1_000_000)
        frames = []
        for frame in container.decode(video):
            assert not frame.is_corrupt
            picture = frame.to_ndarray()
            time = frame.pts * frame.time_base - start
            frames.append(Frame(time, picture, hashlib.sha256(picture.tobytes()).hexdigest()))
        return frames


def packets_of_sound(path: Path) -> list[tuple[Fraction, bytes]]:
    """Times and content of the packets of the sound, relative to the first frame of the video."""
    with opened(path) as container:
        sound, video = container.streams.audio[0], container.streams.video[0]
        packets = [packet for packet in container.demux(sound, video) if packet.size and packet.pts is not None]
        shown = [packet for packet in packets if packet.stream is video and not packet.is_discard]
        first = min(packet.pts * packet.time_base for packet in shown)
        has_headers = container.format.name == "mpegts"
        skipped = ADTS_BYTES if has_headers else 0
        return [(p.pts * p.time_base - first, bytes(p)[skipped:]) for p in packets if p.stream is sound]


def psnr(one: Frame, other: Frame) -> float:
    """Peak signal-to-noise ratio of two pictures, in decibels."""
    peak = 255.0 if one.picture.dtype == np.uint8 else 1023.0
    error = np.mean((one.picture.astype(float) - other.picture.astype(float)) ** 2)
    return float(10 * np.log10(peak**2 / max(error, 1e-9)))


async def cut(worker: Worker, name: str, command: str, **more: Any) -> tuple[Path, dict[str, Any]]:
    """Run a smart cut and return its output with the result."""
    result = await worker.run({"action": "process", "data": {"chainCmds": command, "smart_cut": True}, **more})
    return worker.data / name, result


def select(frames: list[Frame], start: Fraction, length: Fraction | None) -> list[Frame]:
    """The frames that FFmpeg keeps: those from `start` on, and of them those within `length` of the first."""
    kept = [frame for frame in frames if frame.time >= start - Fraction(1, 100_000)]
    if length is not None:
        kept = [frame for frame in kept if frame.time - kept[0].time < length - Fraction(1, 100_000)]
    return kept


def assert_exact(source: list[Frame], found: list[Frame], stats: dict[str, Any], tick: Fraction) -> None:
    """Assert that `found` are the frames of the part, each at its time, as many copied ones as `stats` says."""
    assert len(found) == len(source) == stats["frames"] == stats["copied_frames"] + stats["encoded_frames"]
    for before, after in zip(source, found, strict=True):
        assert abs((before.time - source[0].time) - (after.time - found[0].time)) <= tick
    same = [before.digest == after.digest for before, after in zip(source, found, strict=True)]
    assert sum(same) == stats["copied_frames"] > 0
    first = same.index(True)
    assert all(same[first : first + sum(same)])  # in a row
    assert min(psnr(*pair) for pair in zip(source, found, strict=True)) > LEAST_PSNR


MS = Fraction(1, 1000)
CASES = {
    # source, start, length, extension of the output, frames that are encoded at most
    "between key frames": ("closed.mp4", "0.52", "2.2", "mp4", 14),
    "at key frames": ("closed.mp4", "1", "2", "mp4", 0),
    "one frame before and after key frames": ("closed.mp4", "0.96", "2.08", "mp4", 2),
    "from the first frame": ("closed.mp4", "0", "2.72", "mp4", 2),
    "to the last frame": ("closed.mp4", "1.9", None, "mp4", 3),
    "between frames": ("closed.mp4", "0.971", "1.5", "mp4", 3),
    "Matroska": ("closed.mkv", "0.5", "2.5", "mkv", 15),
    "MPEG-TS": ("closed.ts", "0.5", "2.5", "ts", 15),
    "MP4 to MPEG-TS": ("closed.mp4", "0.52", "2.2", "ts", 14),
    "edit list": ("edit.mp4", "0.2", "2.4", "mp4", 14),
    "variable rate, 10 bit": ("vfr-10-bit.mp4", "0.5", "2.5", "mp4", 32),
    "HEVC, open groups": ("hevc-open.mp4", "0.52", "2.6", "mp4", 28),
    "HEVC, open groups, from a key frame": ("hevc-open.mp4", "1", "2.32", "mp4", 4),
    "HEVC, open groups, MPEG-TS": ("hevc-open.ts", "0.52", "2.6", "ts", 28),
    "HEVC, 10 bit, Matroska": ("hevc-10-bit.mkv", "0.5", "2.5", "mkv", 15),
    "late sound": ("late-sound.ts", "0.8", "2", "ts", 14),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.sampled(2)
async def test_part_has_the_frames_of_the_source(worker: Worker, case: str) -> None:
    name, start, length, suffix, encoded = CASES[case]
    output = f"out-{case.replace(' ', '-').replace(',', '')}.{suffix}"
    times = f"-ss {start}" + (f" -t {length}" if length is not None else "")
    path, result = await cut(worker, output, f"{times} -i {name} -c copy {output}")
    assert not [text for text in result["warnings"] if "whole part" in text], result["warnings"]
    source = select(decode(worker.data / name), Fraction(start), None if length is None else Fraction(length))
    tick = MS if suffix == "mkv" else Fraction(1, 90_000) if suffix == "ts" else Fraction(1, 10**6)
    assert_exact(source, decode(path), result["stats"], tick)
    assert result["stats"]["encoded_frames"] <= encoded
    end = None if length is None else Fraction(start) + Fraction(length) - source[0].time
    assert_sound_in_place(worker.data / name, path, source[0].time, end)


def assert_sound_in_place(source: Path, output: Path, start: Fraction, length: Fraction | None) -> None:
    """Assert that the packets are those of the source, each as far from the picture as there."""
    with opened(source) as container:
        video = container.streams.video[0]
        begin = Fraction(container.start_time or 0, 1_000_000)
        first = min(p.pts for p in container.demux(video) if p.size and not p.is_discard) * video.time_base - begin
    there = [(time + first - start, data) for time, data in packets_of_sound(source)]
    here = packets_of_sound(output)
    places = {data: time for time, data in there}
    for time, data in here:
        assert abs(places[data] - time) <= 2 * MS
    assert abs(here[0][0]) <= HALF_PACKET_S + MS or here[0][1] == there[0][1]
    assert [data for _, data in here] == [data for _, data in there if data in {data for _, data in here}]
    if length is not None:
        assert abs(here[-1][0] + 2 * HALF_PACKET_S - length) <= HALF_PACKET_S + 2 * MS


REASONS = {
    "-ss 1.2 -t 0.6 -i closed.mp4 -c copy o.mp4": "no key frame at which decoding can begin (IDR picture)",
    "-ss 0.5 -t 2 -i open.mp4 -c copy o.mp4": "no key frame at which decoding can begin (IDR picture)",
    "-ss 0.5 -t 2 -i mpeg4.mp4 -c copy o.mp4": 'the video has the codec "mpeg4"',
    "-ss 0.5 -t 2 -i closed.mp4 -vf hflip -c:a copy o.mp4": "the command has a video filter",
    "-ss 0.5 -t 2 -i closed.mp4 -c:v libx265 -preset ultrafast -an o.mp4": "another codec (h264)",
    "-ss 0.5 -t 2 -i closed.mp4 -c copy -r 10 o.mp4": '"-r" changes',
}


@pytest.mark.parametrize("command", REASONS)
async def test_whole_part_is_encoded_with_the_reason(worker: Worker, command: str) -> None:
    path, result = await cut(worker, "o.mp4", command)
    assert REASONS[command] in result["warnings"][0]
    assert result["warnings"][0].startswith("The whole part was encoded: ")
    assert "copied_frames" not in result["stats"]
    with opened(path) as container:
        frames = sum(1 for _ in container.decode(video=0))
    name = command.split()[5]
    wanted = select(decode(worker.data / name), Fraction(command.split()[1]), Fraction(command.split()[3]))
    assert frames == len(wanted) or "-r" in command.split()
    path.unlink()


async def test_one_sample_entry_has_all_parameter_sets(worker: Worker) -> None:
    """Decoders that read the sample entry only can decode all H.264 frames: no set is among the pictures."""
    path, _ = await cut(worker, "sets.mp4", "-ss 0.52 -t 2.24 -i closed.mp4 -c copy sets.mp4")
    with opened(path) as container:
        video = container.streams.video[0]
        extradata = video.codec_context.extradata or b""
        assert video.codec_context.codec_tag == "avc1"
        assert extradata[5] & 0x1F == 3  # of the source, of the begin, of the end
        for packet in container.demux(video):
            data, place = bytes(packet), 0
            while place < len(data):
                assert data[place + 4] & 0x1F not in {7, 8}
                place += 4 + int.from_bytes(data[place : place + 4], "big")


async def test_open_group_follows_as_a_broken_link(worker: Worker) -> None:
    """Decoders count pictures anew at a broken link (BLA); a plain CRA picture would go on from those before."""
    path, result = await cut(worker, "link.mp4", "-ss 0.52 -t 2 -i hevc-open.mp4 -an -c:v copy link.mp4")
    with opened(path) as container:
        video = container.streams.video[0]
        assert video.codec_context.codec_tag == "hvc1"
        sets = read_stream_parameters("hevc", bytes(video.codec_context.extradata or b""))
        types = []
        for packet in container.demux(video):
            data, place, found = bytes(packet), 0, set()
            while place < len(data):
                found.add(data[place + 4] >> 1 & 63)
                place += 4 + int.from_bytes(data[place : place + 4], "big")
            types.append(found)
    assert [unit_type("hevc", unit) for unit in sets.units] == [32, 32, 33, 33, 34, 34]
    assert not any({32, 33, 34} & found for found in types)
    linked = [number for number, found in enumerate(types) if 18 in found]
    assert len(linked) == 1
    assert result["stats"]["encoded_frames"] >= linked[0]


async def test_metadata_chapters_subtitles_and_rotation_stay(worker: Worker) -> None:
    path, _ = await cut(worker, "many-cut.mkv", "-ss 0.5 -to 3 -i many.mkv -map 0 -c copy many-cut.mkv")
    with opened(path) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio", "subtitle"]
        assert container.metadata["title"] == "Film"
        assert container.streams.video[0].metadata["title"] == "Picture"
        starts = [chapter["start"] * chapter["time_base"] for chapter in container.chapters()]
        assert [round(float(start), 1) for start in starts] == [0, 1.5]
        (text,) = [packet for packet in container.demux(subtitles=0) if packet.size]
        assert abs(text.pts * text.time_base - Fraction(3, 2)) < Fraction(1, 25)
    path, result = await cut(worker, "turned.mp4", "-ss 0.5 -t 2 -i rotated.mp4 -c copy turned.mp4")
    assert result["stats"]["copied_frames"]
    with opened(path) as container:
        assert next(container.decode(video=0)).rotation in {90, -90}


async def test_sound_is_encoded_exactly_where_the_command_says_so(worker: Worker) -> None:
    command = "-ss 0.51 -i closed.mp4 -t 2.2 -c:v copy -c:a pcm_s16le pcm.mov"
    path, result = await cut(worker, "pcm.mov", command)
    assert not result["warnings"]
    with opened(path) as container:
        sound = container.streams.audio[0]
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(sound)])
    with opened(worker.data / "closed.mp4") as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    whole = np.concatenate(frames)
    first = round(0.52 * 48000)
    wanted = np.round(whole[first : first + 4800] * 32768)
    assert np.max(np.abs(wanted - samples[:4800].astype(float))) <= 2


async def test_video_that_begins_late_keeps_its_place(worker: Worker) -> None:
    path, result = await cut(worker, "late.mp4", "-ss 0 -t 2.6 -i late-video.mp4 -c copy late.mp4")
    assert result["stats"]["copied_frames"] >= 60
    with opened(path) as container:
        first = next(container.decode(video=0))
        assert abs(first.pts * first.time_base - Fraction(3, 10)) <= MS


async def test_trim_preset_and_many_processes(worker: Worker) -> None:
    preset = {"preset": "trim", "input": "hevc-open.mp4", "start": 0.52, "end": 3.12, "mode": "smart"}
    commands = {"chainCmds": "-ss 0.52 -t 2.2 -i closed.mp4 -c copy two.mp4", "smart_cut": True}
    plain = {"chainCmds": "-ss 0.52 -t 2.2 -i closed.mp4 -c copy three.mp4"}
    processes = [{**preset, "output": "one.mp4"}, commands, plain]
    result = await worker.run({"action": "multi_process", "data": {"processes": processes}})
    stats = [process["stats"] for process in result["results"]]
    assert [each.get("copied_frames", 0) > 30 for each in stats] == [True, True, False]
    assert_exact(
        select(decode(worker.data / "hevc-open.mp4"), Fraction("0.52"), Fraction("2.6")),
        decode(worker.data / "one.mp4"),
        stats[0],
        Fraction(1, 10**6),
    )


REFUSED = {
    "two commands": [["-ss", "1", "-i", "closed.mp4", "a.mp4"], ["-i", "a.mp4", "b.mp4"]],
    "no cut": "-i closed.mp4 -c copy a.mp4",
    "two inputs": "-ss 1 -i closed.mp4 -i closed.mkv a.mp4",
    "two outputs": "-ss 1 -i closed.mp4 a.mp4 b.mp4",
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_no_cut_is_refused(worker: Worker, case: str) -> None:
    error = await worker.fail({"action": "process", "data": {"chainCmds": REFUSED[case], "smart_cut": True}})
    assert error.code == "no_smart_cut"
    assert error.hint


async def test_an_interrupted_job_keeps_its_cut(worker: Worker) -> None:
    """A later attempt at a job finds the recorded cut, and only verifies and delivers it."""
    root = worker.services.resources.scratch.root / "job-of-cut"
    root.mkdir()
    command = "-ss 0.52 -t 2.2 -i closed.mp4 -c copy again.mp4"
    job = parse_job({"action": "process", "data": {"chainCmds": command, "smart_cut": True}})
    try:
        result, records = await run_in_attempts(worker.services.resources, job, root)
    finally:
        shutil.rmtree(root)
    assert records.runs["lane-0/smart-cut"] == 1
    assert len(records.by_name["lane-0/smart-cut"]) < 10_000
    source = select(decode(worker.data / "closed.mp4"), Fraction("0.52"), Fraction("2.2"))
    assert_exact(source, decode(worker.data / "again.mp4"), result.as_json()["stats"], Fraction(1, 10**6))


async def test_wrong_pieces_are_found_and_encoded(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """An output that lacks a frame is not delivered."""
    monkeypatch.setattr(smart_cut, "find_difference", lambda *_: "a frame is missing")
    path, result = await cut(worker, "wrong.mp4", "-ss 0.52 -t 2.2 -i closed.mp4 -c copy wrong.mp4")
    assert result["warnings"] == ["The whole part was encoded: its pieces failed or did not fit together."]
    assert len(decode(path)) == 55
    assert not list(path.parent.glob("cut-*"))
