"""A split encode gives what one process gives: frames, timestamps, sound, metadata, equally good pictures."""

from __future__ import annotations

import math
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio

from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.pipeline.direct_runtime import DirectRuntime
from ffmpeg_worker.pipeline.progress import FractionReport
from ffmpeg_worker.pipeline.run_job import run_job
from ffmpeg_worker.planning.chunks import choose_cuts
from ffmpeg_worker.planning.chunks.piece_job import as_job
from ffmpeg_worker.planning.chunks.plan_chunks import Piece
from ffmpeg_worker.planning.read_job import read_job
from ffmpeg_worker.planning.step_result import StepResult
from support.media.compared_packets import hash_pictures, read_container, read_streams
from support.media.sources import make
from support.recording_runtime import run_in_attempts
from support.shared_files import share_folder
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECONDS = 6
ONE_PIECE = "The encode ran in one piece: "
X264 = "-c:v libx264 -preset ultrafast -crf 30"
BT709 = "-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv"
SUBTITLES = "1\n00:00:01,000 --> 00:00:06,000\nHello\n"
CHAPTERS = """;FFMETADATA1
title=Film
[CHAPTER]
TIMEBASE=1/1
START=0
END=4
title=One
[CHAPTER]
TIMEBASE=1/1
START=4
END=6
title=Two
"""


def _encode(
    path: Path,
    *options: str,
    rate: str = "25",
    sound: Sequence[str] = ("-f", "lavfi", "-i", f"sine=d={SECONDS + 0.3}"),
    before: Sequence[str] = (),
    codec: Sequence[str] = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "25"),
) -> None:
    video = f"testsrc2=s=64x48:r={rate}:d={SECONDS}"
    make(path, *before, "-f", "lavfi", "-i", video, *sound, "-pix_fmt", "yuv420p", *codec, *options)


def _make_files(data: Path) -> None:
    _encode(data / "25.mp4")
    _encode(data / "29.mkv", rate="30000/1001")
    _encode(data / "23.mp4", rate="24000/1001")
    _encode(data / "60.mp4", rate="60", sound=("-f", "lavfi", "-i", "sine=d=12"))
    _encode(data / "silent.mp4", sound=())
    _encode(data / "late-video.mp4", before=("-itsoffset", "0.4"))
    _encode(data / "late-sound.mkv", sound=("-itsoffset", "0.55", "-f", "lavfi", "-i", "sine=d=6"))
    _encode(data / "open-gop.mp4", "-x264-params", "open-gop=1:keyint=25:bframes=3")
    _encode(data / "10-bit.mkv", "-pix_fmt", "yuv420p10le", codec=("-c:v", "ffv1", "-g", "12"))
    _encode(data / "interlaced.mp4", "-flags", "+ilme+ildct", "-x264-params", "tff=1")
    make(data / "rotated.mp4", "-display_rotation", "90", "-i", str(data / "interlaced.mp4"), "-c", "copy")
    make(data / "cut.mp4", "-ss", "1.3", "-i", str(data / "25.mp4"), "-c", "copy")
    make(data / "late-start.mkv", "-i", str(data / "29.mkv"), "-c", "copy", "-output_ts_offset", "5")
    (data / "subs.srt").write_text(SUBTITLES)
    (data / "chapters.txt").write_text(CHAPTERS)
    parts = (str(data / name) for name in ("25.mp4", "subs.srt", "chapters.txt"))
    inputs = [token for part in parts for token in ("-i", part)]
    maps = "-map 0:v -map 0:a -map 0:a -map 1:s -map_metadata 2 -map_chapters 2".split()
    names = "-metadata:s:v title=Picture -metadata:s:a:1 language=fra -disposition:a:1 comment".split()
    make(data / "many.mkv", *inputs, *maps, *names, "-c", "copy")
    # Refused ones
    _encode(data / "varying.mp4", "-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr")
    _encode(data / "fragmented.mp4", "-movflags", "frag_keyframe+empty_moov")
    _encode(data / "timecode.mov", "-timecode", "01:00:00:00")
    make(data / "sound.mp4", "-f", "lavfi", "-i", "sine=d=6")
    make(data / "short.mp4", "-i", str(data / "25.mp4"), "-t", "2", "-preset", "ultrafast")
    damage(data / "25.mp4", data / "damaged.mp4")
    make(data / "stream.ts", "-i", str(data / "25.mp4"), "-c", "copy")


def damage(source: Path, target: Path) -> None:
    """Overwrite some bytes of the pictures in the middle of a file."""
    content = bytearray(source.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = b"\xff" * 2000
    target.write_bytes(content)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("chunks")
    shutil.copytree(share_folder(tmp_path_factory, "chunk-sources", _make_files), root / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choose_cuts, "MIN_SPLIT_S", 4.0)
        patch.setattr(choose_cuts, "MIN_CHUNK_S", 1.5)
        async with open_worker(root) as opened:
            yield opened


async def run_both(worker: Worker, command: str, **data: Any) -> tuple[Path, Path, dict[str, Any]]:
    """Run a command in one piece and in chunks; return both outputs and the second result."""
    outputs, result = [], {}
    *_, name = command.split()
    for parallel in (False, 3):
        job = {"action": "process", "data": {"chainCmds": command, "parallel": parallel, **data}}
        result = await worker.run(job)
        outputs.append((worker.data / name).rename(worker.data / f"{'chunks' if parallel else 'whole'}-{name}"))
    return outputs[0], outputs[1], result


def assert_alike(whole: Path, joined: Path) -> None:
    """Assert that two files have the same streams, timestamps, metadata and sound, and as many pictures."""
    assert read_container(joined) == read_container(whole)
    ours, theirs = read_streams(joined), read_streams(whole)
    assert [stream.kind for stream in ours] == [stream.kind for stream in theirs]
    for our, their in zip(ours, theirs, strict=True):
        assert (our.facts, our.metadata, our.disposition) == (their.facts, their.metadata, their.disposition)
        assert our.parameters == their.parameters
        assert our.pts == their.pts
        assert our.dts == their.dts
        if our.kind != "video":
            assert our.digests == their.digests
    assert [time for time, _ in hash_pictures(joined)] == [time for time, _ in hash_pictures(whole)]


ALIKE = {
    "25 frames a second": f"-i 25.mp4 {X264} {BT709} -c:a aac -movflags +faststart o.mp4",
    "29.97, Matroska to MP4": f"-i 29.mkv {X264} -aspect 16:9 -c:a aac o.mp4",
    "23.976 to MPEG-TS": f"-i 23.mp4 {X264} -bf 3 -c:a aac o.ts",
    "without sound": f"-i silent.mp4 {X264} o.mp4",
    "video starts late": f"-i late-video.mp4 {X264} -c:a aac o.mp4",
    "sound starts late, MPEG-TS": f"-i late-sound.mkv {X264} -c:a aac o.ts",
    "60 to MOV at a constant rate, with longer sound": f"-i 60.mp4 {X264} -r 60 -c:a pcm_s16le o.mov",
    "29.97 that starts late, loudness": f"-i late-start.mkv {X264} -af loudnorm -ar 48000 -c:a libopus o.mkv",
    "rotated and interlaced, no encoder named": "-i rotated.mp4 -flags:v +ilme+ildct -preset ultrafast -an o.mp4",
    "a copied cut with an edit list": f"-i cut.mp4 {X264} -c:a aac o.mp4",
    "the fps filter": f"-i 29.mkv -vf fps=30000/1001,scale=32:-2 {X264} -c:a aac o.mp4",
    "streams and metadata": f"-i many.mkv -map 0 {X264} -c:a aac -c:s copy -metadata comment=x o.mkv",
    "chosen streams": f"-i many.mkv -map 0:v -map 0:a:1 -map 0:s? {X264} -c:a aac -c:s mov_text o.mp4",
    "no metadata": f"-i many.mkv {X264} -c:a aac -sn -map_metadata -1 -map_chapters -1 o.mp4",
    "x265": "-i 25.mp4 -c:v libx265 -preset ultrafast -crf 35 -tag:v hvc1 -c:a aac o.mp4",
    "SVT-AV1": "-i 25.mp4 -c:v libsvtav1 -preset 12 -crf 50 -c:a libopus o.webm",
    "VP9": "-i 25.mp4 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 50 -b:v 0 -c:a libopus o.webm",
    "MPEG-4": "-i 25.mp4 -c:v mpeg4 -q:v 8 -bf 2 -c:a aac o.mp4",
}


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.sampled(3)
async def test_chunks_give_the_streams_of_one_process(worker: Worker, name: str) -> None:
    whole, joined, result = await run_both(worker, ALIKE[name])
    assert result["warnings"] == []
    assert joined.read_bytes() != whole.read_bytes(), "the encode was not split"
    assert_alike(whole, joined)


INTRA = {
    "FFV1 from open groups, burnt subtitles": "-i open-gop.mp4 -vf subtitles=subs.srt -c:v ffv1 -g 1 -an o.mkv",
    "MJPEG": "-i 25.mp4 -vf scale=32:24,eq=contrast=1.2 -c:v mjpeg -q:v 4 -c:a pcm_s16le o.mov",
    "FFV1, 10 bit": "-i 10-bit.mkv -vf hflip -c:v ffv1 -g 1 -c:a flac o.mkv",
    "x264 with key frames only": "-i 29.mkv -c:v libx264 -preset ultrafast -qp 20 -g 1 o.mp4",
    "filters by time": "-i 25.mp4 -vf \"drawbox=x=t*5:w=9:enable='gt(t,2)',rotate=t/9\" -c:v ffv1 -g 1 o.mkv",
}


@pytest.mark.parametrize("name", INTRA)
async def test_pictures_of_intra_codecs_are_identical(worker: Worker, name: str) -> None:
    whole, joined, result = await run_both(worker, INTRA[name])
    assert result["warnings"] == []
    assert_alike(whole, joined)
    assert hash_pictures(joined) == hash_pictures(whole)


async def test_key_frames_stay_where_the_caller_wants_them(worker: Worker) -> None:
    command = "-i 25.mp4 -c:v libx264 -preset ultrafast -x264-params keyint=20:min-keyint=20:scenecut=0 -an o.mp4"
    whole, joined, _ = await run_both(worker, command)
    assert [find_keys(joined), find_keys(whole)] == [list(range(0, SECONDS * 25, 20))] * 2


def find_keys(path: Path) -> list[int]:
    """Numbers of the key frames of a file."""
    with av.open(str(path)) as container:
        return [number for number, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]


async def test_pictures_at_the_joins_are_not_worse(worker: Worker) -> None:
    whole, joined, _ = await run_both(worker, "-i 25.mp4 -c:v libx264 -preset fast -crf 26 -an o.mp4")
    source = read_luma(worker.data / "25.mp4")
    before, after = (
        [psnr(one, two) for one, two in zip(source, read_luma(path), strict=True)] for path in (whole, joined)
    )
    joins = [number for number in find_keys(joined) if number]
    assert joins
    assert len(joins) > len([number for number in find_keys(whole) if number])
    for join in joins:
        near = slice(max(join - 6, 0), join + 6)
        assert sum(after[near]) / 12 > sum(before[near]) / 12 - 0.5
    assert sum(after) / len(after) > sum(before) / len(before) - 0.2


def read_luma(path: Path) -> list[np.ndarray[Any, Any]]:
    """The luma of all pictures of a file."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray").astype(np.float64) for frame in container.decode(video=0)]


def psnr(one: np.ndarray[Any, Any], two: np.ndarray[Any, Any]) -> float:
    """Peak signal-to-noise ratio in dB."""
    error = max(float(np.mean((one - two) ** 2)), 1e-3)
    return 10 * math.log10(255**2 / error)


IN_ONE_PIECE = {
    "varying frame rate": ("-i varying.mp4 o.mp4", "the frame rate of the source is not constant"),
    "a fragmented source": ("-i fragmented.mp4 o.mp4", "the source is a fragmented file without an index"),
    "a source without an index": ("-i stream.ts o.mp4", "the source is not an MP4, MOV or Matroska file"),
    "a timecode": ("-i timecode.mov o.mp4", "the source has a timecode"),
    "another rate": ("-i 25.mp4 -r 30 o.mp4", "it changes the frame rate of the source, 25"),
    "a late video at a constant rate": ("-i late-video.mp4 -r 25 o.mp4", "the video of the source starts late"),
    "sound only": ("-i sound.mp4 -c:a aac o.mp4", "the source has no video streams"),
    "an output with the name of a chunk": ("-i 25.mp4 rest.mp4", "a file of the job has the name of a chunk"),
    "too short": ("-i short.mp4 o.mp4", "the video has 2 s, and splitting pays from 4 s on"),
}


@pytest.mark.parametrize("name", IN_ONE_PIECE)
@pytest.mark.sampled(2)
async def test_one_process_encodes_what_cannot_be_split(worker: Worker, name: str) -> None:
    command, reason = IN_ONE_PIECE[name]
    whole, joined, result = await run_both(worker, command)
    (warning,) = result["warnings"]
    assert warning.removeprefix(ONE_PIECE)[: len(reason)] == reason
    assert joined.read_bytes() == whole.read_bytes()


async def test_one_process_tells_what_is_wrong_with_a_damaged_source(worker: Worker) -> None:
    whole, joined, result = await run_both(worker, f"-i damaged.mp4 {X264} -c:a copy o.mp4")
    assert result["warnings"][0] == f"{ONE_PIECE}its chunks failed or did not fit together."
    assert any(warning.startswith("FFmpeg reported: ") for warning in result["warnings"])
    assert joined.read_bytes() == whole.read_bytes()


async def test_the_caller_gets_the_error_of_one_process(worker: Worker) -> None:
    """A chunk that fails is not the caller's command, so one process runs that and fails in its terms."""
    command = "-i 25.mp4 -c:v libx264 -preset nonsense o.mp4"
    job = {"action": "process", "data": {"chainCmds": command}}
    split = {"action": "process", "data": {"chainCmds": command, "parallel": 3}}
    ours, theirs = (await worker.fail(split)).as_problem(), (await worker.fail(job)).as_problem()
    assert {**ours, "stderr": None} == {**theirs, "stderr": None}


async def test_an_interrupted_job_encodes_only_unfinished_chunks(worker: Worker) -> None:
    command = ALIKE["25 frames a second"]
    whole, joined, _ = await run_both(worker, command)
    root = worker.services.resources.scratch.root / "job-of-chunks"
    root.mkdir()
    job = parse_job({"action": "process", "data": {"chainCmds": command, "parallel": 3}})
    try:
        result, records = await run_in_attempts(worker.services.resources, job, root)
    finally:
        shutil.rmtree(root)
    names = {"split", "chunk-000", "chunk-001", "chunk-002", "rest", "join", "verify"}
    assert {name.removeprefix("lane-0/") for name in records.runs} > names
    assert set(records.runs.values()) == {1}
    assert all(len(record) < 10_000 for record in records.by_name.values())
    assert_alike(whole, worker.data / "o.mp4")
    assert result.as_json()["stats"]["frames"] == SECONDS * 25
    assert joined.stat().st_size == (worker.data / "o.mp4").stat().st_size


class OtherWorkers:
    """Runs each piece as a job of its own, as another worker would, and fetches its output."""

    def __init__(self, worker: Worker, inputs: Any) -> None:
        self.count = 3
        self.jobs: list[dict[str, Any]] = []
        self._worker = worker
        self._inputs = inputs

    async def run(self, piece: Piece, report: FractionReport, *, folder: Path) -> StepResult:
        job = as_job(piece, self._inputs)
        self.jobs.append(job)
        result = (await self._worker.services.run(parse_job(job))).as_json()
        shutil.move(result["outputs"][0]["path"], folder / piece.output)
        report(1.0, None)
        return StepResult(seconds=result["stats"]["seconds"], cpu_seconds=result["stats"]["cpu_seconds"])


async def test_pieces_run_as_jobs_of_other_workers(worker: Worker) -> None:
    command, inputs = f"-i {{{{film}}}} {X264} -vf hflip -c:a aac o.mp4", {"film": {"url": "25.mp4"}}
    whole, _, _ = await run_both(worker, f"-i 25.mp4 {X264} -vf hflip -c:a aac o.mp4")
    job = parse_job({"action": "process", "data": {"chainCmds": command, "parallel": "auto"}, "inputs": inputs})
    runtime = DirectRuntime(worker.services.resources, "job-on-others", timeout_s=60)
    others = OtherWorkers(worker, inputs)
    runtime.piece_workers = others
    result = (await run_job(runtime, read_job(job, worker.services.resources.machine))).as_json()
    assert [each["data"]["output"] for each in others.jobs] == [
        *(f"chunk-00{n}.mp4" for n in range(3)),
        "rest.mp4",
    ]
    assert result["warnings"] == []
    assert_alike(whole, worker.data / "o.mp4")


async def test_auto_does_not_split_for_this_worker_alone(worker: Worker) -> None:
    whole, _, _ = await run_both(worker, ALIKE["without sound"])
    await worker.run({"action": "process", "data": {"chainCmds": ALIKE["without sound"], "parallel": "auto"}})
    assert (worker.data / "o.mp4").read_bytes() == whole.read_bytes()
