"""Scratch directories are created, removed, and cleaned up after a crashed worker."""

from __future__ import annotations

import asyncio
import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.pipeline.scratch import open_scratch, remove_kept_workspaces

_DYING_WORKER = """
import os, sys
from pathlib import Path
from ffmpeg_worker.pipeline.scratch import open_scratch
context = open_scratch(Path(sys.argv[1]))
scratch = context.__enter__()
(scratch.root / "job").mkdir()
print(scratch.root, flush=True)
if sys.argv[2] == "die":
    os.kill(os.getpid(), 9)
sys.stdin.read()
"""


async def test_a_job_directory_is_gone_after_success_failure_and_cancellation(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as scratch:
        async with scratch.workspace("job") as workspace:
            (workspace.lane("lane-0") / "x").write_text("x")
        with pytest.raises(KeyError):
            async with scratch.workspace("job"):
                raise KeyError
        entered = asyncio.Event()

        async def hold() -> None:
            async with scratch.workspace("job"):
                entered.set()
                await asyncio.Event().wait()

        task = asyncio.ensure_future(hold())
        await entered.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert [path.name for path in scratch.root.iterdir()] == [".lock"]
    assert list(tmp_path.iterdir()) == []


async def test_lanes_see_the_inputs_and_not_each_other(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as scratch:
        async with scratch.workspace("../../evil id") as workspace:
            assert workspace.root.parent == scratch.root
            (workspace.staging / "a.mp4").write_text("a")
            one, two = workspace.lane("lane-0"), workspace.lane("lane-1")
            assert (one / "_in/a.mp4").read_text() == "a"
            (one / "out").write_text("1")
            assert not (two / "out").exists()


def test_what_a_dead_worker_left_is_swept_and_a_living_one_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _DYING_WORKER, str(tmp_path)]
    dead = Path(subprocess.run([*command, "die"], stdout=subprocess.PIPE, text=True).stdout.strip())  # noqa: PLW1510
    assert (dead / "job").exists()
    with subprocess.Popen([*command, "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout is not None
        alive = Path(living.stdout.readline().strip())
        assert not dead.exists()
        with open_scratch(tmp_path):
            assert (alive / "job").exists()
        living.kill()
        living.communicate()
    with open_scratch(tmp_path):
        assert not alive.exists()


def test_a_directory_that_is_swept_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock

    def lock_late(descriptor: int, operation: int) -> None:
        """Let another worker start and end between the opening and the locking of the first file."""
        monkeypatch.setattr(fcntl, "flock", lock)
        with open_scratch(tmp_path):
            pass
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    with open_scratch(tmp_path) as scratch:
        (scratch.root / "job").mkdir()
        with open_scratch(tmp_path):
            assert (scratch.root / "job").exists()


def test_a_scratch_root_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="scratch folder"), open_scratch(tmp_path / "file"):
        pass


async def test_a_kept_directory_is_found_again_and_one_that_is_held_stays(tmp_path: Path) -> None:
    """Where workers share the folder, one that was taken for dead ends while another runs the job."""
    work = tmp_path / "job" / "work"
    with open_scratch(tmp_path / "scratch") as scratch:
        async with scratch.kept_workspace(work) as first:
            (first.root / "fetched").touch()
            async with scratch.kept_workspace(work) as second:
                assert (first.root, second.root) == (work, work.with_name("work-1"))
                (second.root / "encoded").touch()
            await remove_kept_workspaces(work)
            assert sorted(path.name for path in work.parent.iterdir()) == ["work", "work.lock"]
        async with scratch.kept_workspace(work) as again:
            assert (again.root / "fetched").exists()
        await remove_kept_workspaces(work)
        assert list(work.parent.iterdir()) == []


async def test_a_lock_that_was_removed_meanwhile_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "job" / "work"
    lock = fcntl.flock

    def lock_late(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        (work.with_name("work.lock")).unlink()
        lock(descriptor, operation)

    with open_scratch(tmp_path / "scratch") as scratch:
        monkeypatch.setattr(fcntl, "flock", lock_late)
        async with scratch.kept_workspace(work) as held, scratch.kept_workspace(work) as other:
            assert (held.root, other.root) == (work.with_name("work-1"), work)
