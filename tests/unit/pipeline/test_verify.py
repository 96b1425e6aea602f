"""Verification: outputs must exist, be plain files, open as media, and be as long as promised."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import (
    EngineKilled,
    JobTooLarge,
    NothingSelected,
    OutputRejected,
    SourceUnreadable,
    WorkerError,
)
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.verify import VerifiedFiles, verify
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.commands.nothing_selected import EmptyOutput
from ffmpeg_worker.planning.commands.promised_lengths import Promise
from ffmpeg_worker.planning.expectations import Expectations
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.step_result import StepResult
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


async def test_the_media_of_inputs_are_looked_at_for_an_output_that_may_be_too_short(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, probes={"short.mp4": SHORT})
    folder = job.lane(b__mp4=b"media", short__mp4=b"media")
    asked = []

    async def expect_all() -> Expectations:
        asked.append(True)
        return Expectations(promised={"short.mp4": Promise(10.0)})

    log = Expectations(at_most_s=10.01)
    whole = await check(job, folder, Artifact("b.mp4", "b.mp4"), expected=log, expect_all=expect_all)
    assert (asked, whole.warnings) == ([], ())
    artifact = Artifact("short.mp4", "short.mp4")
    (warning,) = (await check(job, folder, artifact, expected=log, expect_all=expect_all)).warnings
    assert "4.00 s long, but its input promised 10.00 s" in warning
    assert asked == [True]


def _umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before


def damaged(folder: Path, *artifacts: Artifact) -> Executed:
    return Executed("lane-0", Lane((), artifacts), folder, (StepResult(), StepResult(damage="partial file")))


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (SourceUnreadable("cut", code="source_incomplete", stderr="moov atom not found"), "output_unreadable"),
        (EMPTY, "output_without_streams"),
    ],
)
async def test_media_without_content_is_rejected(tmp_path: Path, document: Any, code: str) -> None:
    job = FakeJob(tmp_path, probes={"b.mp4": document})
    with pytest.raises(OutputRejected) as caught:
        await check(job, job.lane(b__mp4=b"media"), Artifact("b.mp4", "b.mp4"))
    assert (caught.value.code, caught.value.where) == (code, {"output": "b.mp4"})


async def test_a_short_output_of_a_damaged_input_is_rejected(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, probes={"b.mp4": SHORT})
    artifact = Artifact("b.mp4", "b.mp4")
    executed = damaged(job.lane(b__mp4=b"media"), artifact)
    with pytest.raises(OutputRejected, match="partial file") as caught:
        await verify(job.context, executed, Expectations(promised={"b.mp4": Promise(10.0)}))
    assert (caught.value.code, caught.value.fault) == ("output_too_short", Fault.SOURCE)
    assert caught.value.where == {"output": "b.mp4"}


async def test_a_short_output_is_delivered_where_nothing_is_damaged(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, probes={"b.mp4": SHORT})
    expected = Expectations(promised={"b.mp4": Promise(10.0)})
    verified = await check(job, job.lane(b__mp4=b"media"), Artifact("b.mp4", "b.mp4"), expected=expected)
    assert [file.name for file in verified.files] == ["b.mp4"]
    (warning,) = verified.warnings
    assert "4.00 s long, but its input promised 10.00 s" in warning


async def test_a_playlist_whose_video_is_cover_art_is_rejected(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, probes={"x.m3u8": SHORT})
    expected = Expectations(promised={"x.m3u8": Promise(10.0)}, covers=frozenset({"x.m3u8"}))
    artifact = Artifact("x.m3u8", "x.m3u8", ArtifactKind.PLAYLIST)
    with pytest.raises(OutputRejected) as caught:
        await check(job, job.lane(x__m3u8=b"#EXTM3U"), artifact, expected=expected)
    assert (caught.value.code, caught.value.fault) == ("cover_art_as_video", Fault.CALLER)
    assert "-vn" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (SourceUnreadable("what"), "cannot read it"),
        (SourceUnreadable("crash", code="source_crashes_probe"), "crashed"),
        (EMPTY, "finds no stream"),
    ],
)
async def test_what_the_probe_does_not_understand_is_delivered(tmp_path: Path, document: Any, words: str) -> None:
    job = FakeJob(tmp_path, probes={"b.xyz": document})
    expected = Expectations(written={"b.xyz": WrittenOutput((WrittenStream("video"),))})
    verified = await check(job, job.lane(b__xyz=b"media"), Artifact("b.xyz", "b.xyz"), expected=expected)
    assert [file.name for file in verified.files] == ["b.xyz"]
    (warning,) = verified.warnings
    assert '"b.xyz" was not checked' in warning
    assert words in warning


async def test_a_probe_that_is_killed_is_the_workers_trouble(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, probes={"b.mp4": EngineKilled("killed")})
    with pytest.raises(WorkerError) as caught:
        await check(job, job.lane(b__mp4=b"media"), Artifact("b.mp4", "b.mp4"))
    assert (caught.value.code, caught.value.fault) == ("engine_killed", Fault.WORKER)


async def test_an_output_without_packets_is_named_before_any_file_is_opened(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    expected = Expectations(empty=((2, EmptyOutput(("b.mp4",), "-ss is past the end", "-ss")),))
    with pytest.raises(NothingSelected) as caught:
        await check(job, job.lane(b__mp4=b"header"), Artifact("b.mp4", "b.mp4"), expected=expected)
    assert caught.value.where == {"command": 2, "output": "b.mp4", "argument": "-ss"}
    assert job.probes.asked == []


async def test_an_input_of_which_nothing_can_be_decoded_is_to_blame(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    artifact = Artifact("b.mp4", "b.mp4")
    executed = damaged(job.lane(b__mp4=b"header"), artifact)
    with pytest.raises(OutputRejected) as caught:
        await verify(job.context, executed, Expectations(empty=((1, EmptyOutput(("b.mp4",), "x")),)))
    assert (caught.value.code, caught.value.fault) == ("input_corrupt", Fault.SOURCE)


async def test_a_time_past_the_end_is_cause_enough(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    artifact = Artifact("b.mp4", "b.mp4")
    executed = damaged(job.lane(b__mp4=b"header"), artifact)
    empty = EmptyOutput(("b.mp4",), "-ss is past the end", "-ss", is_past_end=True)
    with pytest.raises(NothingSelected):
        await verify(job.context, executed, Expectations(empty=((0, empty),)))


async def test_a_filter_may_pass_nothing_to_a_measurement(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    expected = Expectations(empty=((0, EmptyOutput((), "The filter let nothing pass.", is_choice=True)),))
    (warning,) = (await check(job, job.lane(), expected=expected)).warnings
    assert "The filter let nothing pass." in warning


async def test_a_measurement_past_the_end_is_refused(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    expected = Expectations(empty=((0, EmptyOutput((), "why", "-ss")),))
    with pytest.raises(NothingSelected, match="measured nothing"):
        await check(job, job.lane(), expected=expected)


async def test_an_empty_output_that_only_a_later_command_read_is_no_trouble(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    expected = Expectations(empty=((0, EmptyOutput(("a.mp4",), "x")),))
    verified = await check(job, job.lane(b__mp4=b"media"), Artifact("b.mp4", "b.mp4"), expected=expected)
    assert verified.warnings == ()


async def test_a_stream_without_packets_is_a_warning(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    streams = (WrittenStream("video", (0, 0), True), WrittenStream("audio", (0, 1), True))
    expected = Expectations(written={"b.mp4": WrittenOutput(streams)})
    verified = await check(job, job.lane(b__mp4=b"media"), Artifact("b.mp4", "b.mp4"), expected=expected)
    (warning,) = verified.warnings
    assert "no sound" in warning


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
    with pytest.raises(OutputRejected, match=r"4\.00 s long, but its input promised 10\.00 s"):
        await check(job, job.lane(b__mp4=b"media"), Artifact("b.mp4", "b.mp4", promised_s=10.0))


async def test_a_missing_output(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    with pytest.raises(OutputRejected) as caught:
        await check(job, job.lane(), Artifact("b.mp4", "b.mp4"))
    assert caught.value.code == "output_missing"


async def test_empty_files_among_others_are_a_warning(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(s0__srt=b"1", s1__srt=b"")
    verified = await check(job, folder, Artifact("s%d.srt", "s%d.srt", ArtifactKind.SEQUENCE, is_media=False))
    assert [file.size for file in verified.files] == [1, 0]
    assert "1 of the 2 files" in verified.warnings[0]


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
