"""Errors of inputs that are read by range, and inputs that are downloaded whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from ffmpeg_worker.errors import EngineFailed, EngineTimedOut, JobTooLarge, SourceUnreachable, WorkerError
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.pipeline.fetch.fetch import FetchedInput, FetchedInputs
from ffmpeg_worker.pipeline.inputs_by_range import InputsByRange
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile

LOST = SourceUnreachable("The server is gone.")


class FakeFile:
    """A file by range that is fetched at once."""

    size = 3
    fetched_bytes = 0

    def __init__(self, path: Path, problem: WorkerError | None = None) -> None:
        self.path, self.problem = path, problem

    def open_reader(self) -> FakeFile:
        return self

    async def fetch(self, start: int, length: int) -> None:
        if self.problem is not None:
            raise self.problem
        assert (start, length) == (0, self.size)
        self.path.write_bytes(b"abc")
        self.fetched_bytes = 3

    def close(self) -> None:
        pass


def open_inputs(root: Path, problem: WorkerError | None = None) -> tuple[InputsByRange, RangedFile, Workspace]:
    workspace = Workspace(root / "job", Jail(root / "job", None, cores=1))
    inputs = InputsByRange(workspace)
    file = cast(RangedFile, FakeFile(inputs.make_folder() / "x", problem))
    inputs.add("v.mp4", file, RequiredInput("v", FileSource(url="https://example.com/v.mp4"), field="data.input"))
    return inputs, file, workspace


async def end(error: WorkerError | None) -> str:
    if error is not None:
        raise error
    return "done"


@pytest.mark.parametrize("error", [None, EngineFailed("Invalid data", code="input_unreadable")])
async def test_a_read_that_failed_is_the_error(tmp_path: Path, error: WorkerError | None) -> None:
    inputs, file, _ = open_inputs(tmp_path, LOST)
    with pytest.raises(SourceUnreachable) as caught:
        await inputs.check(end(error), (file,))
    assert caught.value.where == {"input": "v", "field": "data.input"}
    assert LOST.where == {}


@pytest.mark.parametrize("error", [EngineTimedOut("late"), JobTooLarge("much")])
async def test_other_errors_stay(tmp_path: Path, error: WorkerError) -> None:
    inputs, file, _ = open_inputs(tmp_path, LOST)
    with pytest.raises(type(error)):
        await inputs.check(end(error), (file,))


async def test_without_a_failed_read_nothing_changes(tmp_path: Path) -> None:
    inputs, file, _ = open_inputs(tmp_path)
    assert await inputs.check(end(None), (file,)) == "done"
    with pytest.raises(EngineFailed):
        await inputs.check(end(EngineFailed("Invalid data", code="input_unreadable")), (file,))


async def test_an_input_that_a_filter_names_is_completed(tmp_path: Path) -> None:
    inputs, file, workspace = open_inputs(tmp_path)
    lane = workspace.lane("lane-0")
    assert (await inputs.prepare(lane, ["-i", "file:_in/v.mp4", "o.mp4"])).files == {"_in/v.mp4": file}
    assert not (lane / "_in/v.mp4").exists()
    assert not (await inputs.prepare(lane, ["-i", "file:_in/v.mp4", "-vf", "subtitles=_in/v.mp4", "o.mp4"])).files
    assert (lane / "_in/v.mp4").read_bytes() == b"abc"
    assert inputs.fetched_bytes == 3


async def test_a_list_is_written_for_each_command(tmp_path: Path) -> None:
    inputs, _, workspace = open_inputs(tmp_path)
    (workspace.staging / "l.txt").write_text("file 'v.mp4'\n")
    inputs.add_list("l.txt", "file 'v.mp4'\nduration 1\n", ["v.mp4"])
    lane = workspace.lane("lane-0")
    command = "-f concat -safe 0 -i file:_in/l.txt".split()
    assert (await inputs.prepare(lane, command)).lists == {"_in/l.txt"}
    ticket = "file 'fd:'\noption fd 336\noption blocksize 262144\nduration 1\n"
    assert (lane / "_in/l.txt").read_text() == ticket
    assert (lane / "_in/l.txt").resolve().parent == workspace.staging
    await inputs.prepare(lane, [*command, "-i", "_in/v.mp4"])
    assert (lane / "_in/l.txt").read_text() == ticket
    await inputs.prepare(lane, [*command, "-vf", "subtitles=_in/v.mp4"])
    assert (lane / "_in/l.txt").read_text() == "file 'v.mp4'\nduration 1\n"


async def test_an_input_that_cannot_be_completed(tmp_path: Path) -> None:
    inputs, _, workspace = open_inputs(tmp_path, LOST)
    with pytest.raises(SourceUnreachable) as caught:
        await inputs.prepare(workspace.lane("lane-0"), ["-vf", "subtitles=_in/v.mp4"])
    assert caught.value.where["input"] == "v"


def test_a_later_attempt_opens_such_inputs_again(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").touch()
    fields: dict[str, Any] = {"path": tmp_path / "v.mp4", "staged": "v.mp4", "size": 1}
    assert FetchedInputs((FetchedInput(LocalFile(**fields)),)).are_in(tmp_path)
    assert not FetchedInputs((FetchedInput(LocalFile(**fields, by_range=True)),)).are_in(tmp_path)
