"""Verification: outputs must exist, be plain files, open as media, and be as long as promised."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineKilled, JobTooLarge, OutputRejected, SourceUnreadable, WorkerError
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.verify import VerifiedFiles, verify
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.expectations import Expectations
from ffmpeg_worker.planning.plan import Lane
from support.job_contexts import VIDEO, FakeJob

SHORT = {**VIDEO, "format": {"format_name": "mov,mp4", "duration": "4.0"}}
EMPTY = {"format": {"format_name": "mov,mp4", "duration": "10.0"}, "streams": []}
RAW = {**VIDEO, "format": {"format_name": "h264", "duration": "4.0"}}


async def check(
    job: FakeJob, folder: Path, *artifacts: Artifact, expected: Expectations | None = None, **more: Any
) -> VerifiedFiles:
    executed = Executed("lane-0", Lane((), artifacts), folder, ())
    return await verify(job.context, executed, expected or Expectations(), **more)


async def test_a_good_file_is_described_and_becomes_the_workers(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(b__mp4=b"media")
    (folder / "b.mp4").chmod(0o600)
    (file,) = (await check(job, folder, Artifact("/out/b.mp4", "b.mp4"))).files
    assert (file.name, file.work_name, file.size) == ("/out/b.mp4", "b.mp4", 5)
    assert file.media is not None
    assert file.media.duration_s == 10.0
    assert (folder / "b.mp4").stat().st_mode & 0o777 == 0o644 & ~_umask()


def _umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before


@pytest.mark.parametrize(
    ("documents", "promised_s", "code"),
    [
        ({"b.mp4": SourceUnreadable("no media", stderr="moov atom not found")}, None, "output_unreadable"),
        ({"b.mp4": EMPTY}, None, "output_without_streams"),
        ({"b.mp4": SHORT}, 10.0, "output_too_short"),
    ],
)
async def test_media_that_is_not_what_was_promised(
    tmp_path: Path, documents: dict[str, Any], promised_s: float | None, code: str
) -> None:
    job = FakeJob(tmp_path, probes=documents)
    folder = job.lane(b__mp4=b"media")
    expected = Expectations(promised_s={} if promised_s is None else {"b.mp4": promised_s})
    with pytest.raises(OutputRejected) as caught:
        await check(job, folder, Artifact("b.mp4", "b.mp4"), expected=expected)
    assert (caught.value.code, caught.value.where) == (code, {"output": "b.mp4"})


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (SourceUnreadable("crash", code="source_crashes_probe"), "output_rejected"),
        (EngineKilled("killed"), "engine_killed"),
    ],
    ids=["a probe that crashes", "a probe that is killed"],
)
async def test_the_trouble_of_a_probe_is_not_blamed_on_the_caller(
    tmp_path: Path, trouble: WorkerError, code: str
) -> None:
    job = FakeJob(tmp_path, probes={"b.mp4": trouble})
    with pytest.raises(WorkerError) as caught:
        await check(job, job.lane(b__mp4=b"media"), Artifact("b.mp4", "b.mp4"))
    assert (caught.value.code, caught.value.fault) == (code, Fault.WORKER)


@pytest.mark.parametrize(
    ("document", "promised_s"),
    [(SHORT, None), (SHORT, 4.25), (RAW, 10.0), (VIDEO, 10.1)],
    ids=["nothing promised", "within the tolerance", "a format without a duration", "within two percent"],
)
async def test_lengths_that_are_accepted(
    tmp_path: Path, document: dict[str, Any], promised_s: float | None
) -> None:
    job = FakeJob(tmp_path, probes={"b.mp4": document})
    artifact = Artifact("b.mp4", "b.mp4", promised_s=promised_s)
    assert len((await check(job, job.lane(b__mp4=b"media"), artifact)).files) == 1


async def test_the_plans_own_promise_counts_too(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, probes={"b.mp4": SHORT})
    with pytest.raises(OutputRejected, match=r"4\.00 s long"):
        await check(job, job.lane(b__mp4=b"media"), Artifact("b.mp4", "b.mp4", promised_s=10.0))


async def test_a_missing_output(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    with pytest.raises(OutputRejected) as caught:
        await check(job, job.lane(), Artifact("b.mp4", "b.mp4"))
    assert caught.value.code == "output_missing"


async def test_an_empty_output(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    with pytest.raises(OutputRejected) as caught:
        await check(job, job.lane(b__mp4=b""), Artifact("b.mp4", "b.mp4"))
    assert caught.value.code == "output_empty"
    assert job.probes.asked == []


@pytest.mark.parametrize("kind", ["symbolic link", "hard link", "folder", "pipe"])
async def test_what_is_no_file_of_its_own_is_refused(tmp_path: Path, kind: str) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(real=b"secret")
    output = folder / "b.mp4"
    match kind:
        case "symbolic link":
            output.symlink_to("real")
        case "hard link":
            output.hardlink_to(folder / "real")
        case "folder":
            output.mkdir()
        case "pipe":
            os.mkfifo(output)
    with pytest.raises(OutputRejected) as caught:
        await check(job, folder, Artifact("b.mp4", "b.mp4"))
    assert caught.value.code == "output_not_regular"


async def test_a_second_name_of_the_workers_own_is_allowed(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(b__mp4=b"media")
    (tmp_path / "early").hardlink_to(folder / "b.mp4")
    verified = await check(job, folder, Artifact("b.mp4", "b.mp4"), linked={folder / "b.mp4"})
    assert [file.name for file in verified.files] == ["b.mp4"]


async def test_a_playlist_brings_its_segments(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(x__m3u8=b"#EXTM3U", x0__ts=b"0", x1__ts=b"1", note__txt=b"no")
    verified = await check(job, folder, Artifact("x.m3u8", "x.m3u8", ArtifactKind.PLAYLIST))
    assert [file.name for file in verified.files] == ["x.m3u8", "note.txt", "x0.ts", "x1.ts"]
    assert [file.media is not None for file in verified.files] == [True, False, False, False]


async def test_files_that_are_not_media_are_not_opened(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    await check(job, job.lane(s__srt=b"1"), Artifact("s.srt", "s.srt", is_media=False))
    assert job.probes.asked == []


async def test_a_sparse_output_is_as_large_as_it_claims_to_be(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(b__mp4=b"a valid head")
    job.limit(max_bytes=1 << 40, max_file_bytes=1 << 20)
    os.truncate(folder / "b.mp4", (1 << 20) + 1)
    with pytest.raises(OutputRejected) as caught:
        await check(job, folder, Artifact("b.mp4", "b.mp4"))
    assert (caught.value.code, caught.value.where) == ("output_too_large", {"output": "b.mp4"})
    os.truncate(folder / "b.mp4", 1 << 20)
    assert len((await check(job, folder, Artifact("b.mp4", "b.mp4"))).files) == 1


async def test_copies_may_be_larger_than_what_programs_write(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(b__mp4=bytes(2 << 20))
    job.limit(max_bytes=1 << 40, max_file_bytes=1 << 20)
    copied = Artifact("b.mp4", "b.mp4", is_media=False, is_copy=True)
    assert len((await check(job, folder, copied)).files) == 1


async def test_all_outputs_of_a_job_are_limited_together(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    job.limit(max_bytes=3 << 20)
    first, second = job.lane("lane-0"), job.lane("lane-1")
    for folder in (first, second):
        (folder / "b.mp4").touch()
        os.truncate(folder / "b.mp4", 2 << 20)
    with pytest.raises(JobTooLarge):
        await check(job, first, Artifact("b.mp4", "b.mp4"))
