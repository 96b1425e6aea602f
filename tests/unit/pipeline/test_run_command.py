"""One command of a job: its files, slot and deadline, and errors that name the caller's files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineFailed, EngineKilled, EngineTimedOut, SourceUnreadable, WorkerError
from ffmpeg_worker.ffmpeg.log_tail import LogTail
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.run_ffmpeg import RunReport
from ffmpeg_worker.fonts import outline_fonts
from ffmpeg_worker.job.lifecycle import JobEvent, Stage
from ffmpeg_worker.pipeline import run_command as module
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.planning.placed_files import BundledFonts, Folder, InputLink, PlacedFile, TextFile
from ffmpeg_worker.planning.steps import FailureContext, FfmpegStep
from ffmpeg_worker.process.child import Exit
from support.job_contexts import FakeJob
from support.wait_until import until_async

NAMES = {
    "_in/0.bin": "holiday.mp4",
    "_in/a.srt": "subs",
    "_in/a": "short",
    "_in/frames/%03d.png": "pictures",
    "_in/p.m3u8.d/my list.m3u8": "playlist",
}


def runner(job: FakeJob) -> CommandRunner:
    return CommandRunner(job.context, job.lane(), NAMES)


def ignore(_progress: object) -> None:
    pass


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[WorkerError]:
    """Errors that ffmpeg ends with, in order."""
    errors: list[WorkerError] = []

    async def fail(*_args: Any, **_options: Any) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(module, "run_ffmpeg", fail)
    return errors


def test_files_are_named_as_the_caller_does(tmp_path: Path) -> None:
    command = runner(FakeJob(tmp_path))
    text = "Error opening file:_in/0.bin, then _in/a.srt and file:out.mp4"
    assert command.reword(text) == "Error opening holiday.mp4, then subs and out.mp4"
    assert command.reword("No _in/frames/%03d.png: _in/a. Not _in/b") == "No pictures: short. Not _in/b"
    assert command.reword("'file:_in/p.m3u8.d/my list.m3u8'") == "'playlist'"


async def test_files_are_placed_before_a_step(tmp_path: Path) -> None:
    command = runner(FakeJob(tmp_path))
    setup: tuple[PlacedFile, ...] = (
        Folder("sub/deep"),
        TextFile("sub/list.txt", "file a\n"),
        InputLink("sub/second.mp4", "_in/0.bin"),
        BundledFonts("fonts"),
    )
    for _ in range(2):  # a step that was interrupted starts again
        await command.place_all(setup)
    assert (command.folder / "sub/deep").is_dir()
    assert (command.folder / "sub/list.txt").read_text() == "file a\n"
    assert (command.folder / "sub/second.mp4").readlink() == Path("../_in/0.bin")
    assert {path.name for path in (command.folder / "fonts").iterdir()} == {font.name for font in outline_fonts()}


async def test_a_file_replaces_that_of_an_interrupted_attempt(tmp_path: Path) -> None:
    command = runner(FakeJob(tmp_path))
    await command.write("results/probe.json", b"old")
    await command.write("results/probe.json", b"new")
    assert (command.folder / "results/probe.json").read_bytes() == b"new"


async def test_waiting_for_a_slot_ends_at_the_deadline(tmp_path: Path) -> None:
    command = runner(FakeJob(tmp_path, slots=0, timeout_s=0.02))
    with pytest.raises(EngineTimedOut, match="before the worker had a place"):
        await command.run(FfmpegStep(Invocation(())), ignore)


async def test_a_slot_is_free_again_after_a_failure(tmp_path: Path, failing: list[WorkerError]) -> None:
    command = runner(FakeJob(tmp_path, slots=1))
    failing += [EngineFailed("x"), EngineFailed("x")]
    for _ in range(2):
        with pytest.raises(EngineFailed):
            await command.run(FfmpegStep(Invocation(())), ignore)


async def test_errors_have_the_command_and_the_callers_names(tmp_path: Path, failing: list[WorkerError]) -> None:
    failing.append(EngineFailed("Cannot open file:_in/0.bin.", stderr="file:_in/0.bin: Invalid data"))
    with pytest.raises(EngineFailed) as caught:
        await runner(FakeJob(tmp_path)).run(FfmpegStep(Invocation(()), command=2), ignore)
    assert str(caught.value.message) == "Cannot open holiday.mp4."
    assert (caught.value.stderr, caught.value.where) == ("holiday.mp4: Invalid data", {"command": 2})


class KilledRuns:
    """Stands for ffmpeg: each run does what `writes` says in its folder; the first `killed` ones are killed."""

    def __init__(self, killed: int, writes: Callable[[Path, int], None]) -> None:
        self.count = 0
        self._killed = killed
        self._writes = writes

    async def run(self, *_args: Any, cwd: Path, **_options: Any) -> RunReport:
        self.count += 1
        self._writes(cwd, self.count)
        if self.count <= self._killed:
            raise EngineKilled("ffmpeg was killed.")
        return RunReport(Exit(0, None, 0.1, 1000), 0.1, LogTail(), None, b"")


def _write_new_name(folder: Path, number: int) -> None:
    (folder / f"at-{number}.ts").write_text("segment")


def _append(folder: Path, number: int) -> None:
    with (folder / "list.m3u8").open("a") as file:
        file.write(f"{number}\n")


async def test_a_killed_run_is_repeated_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = KilledRuns(1, _write_new_name)
    monkeypatch.setattr(module, "run_ffmpeg", runs.run)
    job = FakeJob(tmp_path, slots=1)
    command = runner(job)
    await command.run(FfmpegStep(Invocation(()), setup=(TextFile("list.m3u8", "0\n"),)), ignore)
    assert {path.name for path in command.folder.iterdir()} == {"_in", "list.m3u8", "at-2.ts"}
    assert runs.count == 2
    assert not list(command.jail.root.glob("killed-*"))


@pytest.mark.parametrize(("killed", "writes", "count"), [(2, _write_new_name, 2), (1, _append, 1)])
async def test_a_run_is_repeated_only_once_and_only_if_it_can_be_undone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed: int,
    writes: Callable[[Path, int], None],
    count: int,
) -> None:
    runs = KilledRuns(killed, writes)
    monkeypatch.setattr(module, "run_ffmpeg", runs.run)
    step = FfmpegStep(Invocation(()), setup=(TextFile("list.m3u8", "0\n"),))
    with pytest.raises(EngineKilled):
        await runner(FakeJob(tmp_path)).run(step, ignore)
    assert runs.count == count


async def test_beside_other_programs_nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = KilledRuns(1, _write_new_name)
    monkeypatch.setattr(module, "run_ffmpeg", runs.run)
    command = runner(FakeJob(tmp_path))
    await command.run(FfmpegStep(Invocation(())), ignore, is_alone=False)
    assert {path.name for path in command.folder.iterdir()} == {"_in", "at-1.ts", "at-2.ts"}


@pytest.mark.parametrize(("names", "begun"), [(["a.mp4"], ["a.mp4"]), (["a.mp4", "b.mp4"], []), ([], [])])
async def test_the_only_output_is_described_while_its_ffmpeg_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], begun: list[str]
) -> None:
    async def run(*_args: Any, on_progress: Callable[[Progress], None], **_options: Any) -> RunReport:
        on_progress(Progress(frame=1))
        assert job.probes.begun == []
        on_progress(Progress(frame=2, ended=True))
        return RunReport(Exit(0, None, 0.1, 1000), 0.1, LogTail(), None, b"")

    monkeypatch.setattr(module, "run_ffmpeg", run)
    job, reports = FakeJob(tmp_path), list[int | None]()
    command = CommandRunner(job.context, job.lane(), NAMES, verified=names)
    await command.run(FfmpegStep(Invocation(())), lambda report: reports.append(report.frame))
    assert (reports, job.probes.begun) == ([1, 2], begun)


async def test_a_crash_is_not_repeated(tmp_path: Path, failing: list[WorkerError]) -> None:
    failing += [EngineFailed("FFmpeg crashed.", code="engine_crashed"), EngineFailed("unreached")]
    with pytest.raises(EngineFailed, match="crashed"):
        await runner(FakeJob(tmp_path)).run(FfmpegStep(Invocation(())), ignore)
    assert len(failing) == 1


CONTEXT = FailureContext(
    "layers[0].src", "The subtitles cannot be drawn.", "unreadable_subtitles", "Simplify them."
)


async def test_a_failure_of_a_composition_names_its_layer(tmp_path: Path, failing: list[WorkerError]) -> None:
    failing.append(EngineFailed("Parse error", code="subtitle_encoding_invalid", stderr="libass: bad"))
    failing[0].fault = Fault.CALLER
    with pytest.raises(SourceUnreadable) as caught:
        await runner(FakeJob(tmp_path)).run(FfmpegStep(Invocation(()), failure_context=CONTEXT), ignore)
    error = caught.value
    assert (error.message, error.code, error.hint) == (CONTEXT.message, CONTEXT.code, CONTEXT.hint)
    assert error.where == {"field": "layers[0].src"}
    assert error.stderr is None
    assert "libass: bad" in (error.detail or "")


async def test_a_failure_of_the_worker_stays_one(tmp_path: Path, failing: list[WorkerError]) -> None:
    failing.append(EngineFailed("Out of memory.", code="out_of_memory", stderr="x"))
    failing[0].fault = Fault.WORKER
    with pytest.raises(EngineFailed) as caught:
        await runner(FakeJob(tmp_path)).run(FfmpegStep(Invocation(()), failure_context=CONTEXT), ignore)
    assert caught.value.fault is Fault.WORKER
    assert caught.value.message == "The subtitles cannot be drawn. Out of memory."


async def test_a_job_that_waits_for_a_slot_reports_its_position(
    tmp_path: Path, failing: list[WorkerError]
) -> None:
    job = FakeJob(tmp_path, slots=1)
    failing.append(EngineFailed("x"))
    events: list[JobEvent] = []
    job.context.progress._observer = events.append
    await job.context.resources.slots.acquire("other", "1")
    running = asyncio.ensure_future(runner(job).run(FfmpegStep(Invocation(())), ignore))
    await until_async(lambda: bool(events))
    assert [(event.stage, event.position) for event in events] == [(Stage.WAITING, 1)]
    job.context.resources.slots.release("other", "1")
    with pytest.raises(EngineFailed):
        await running
    assert (events[-1].stage is not Stage.WAITING, events[-1].position) == (True, None)
