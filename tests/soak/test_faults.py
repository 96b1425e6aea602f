"""The injected faults: each is recorded as long as it may harm a job, and what goes wrong in it is reported."""

from __future__ import annotations

import asyncio
import errno
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from soak import fill_disk, kill_processes, start_second_workers
from soak.explain_failure import FULL_DISK
from soak.faults import check_faults, missing_faults
from soak.folders import RunFolders
from soak.kill_processes import WorkerChild
from soak.run_end import MAX_DELAY_S, RunEnd
from soak.run_record import RunRecord
from support.find_paths import find_paths
from support.processes import children_of


@pytest.mark.parametrize(
    ("program", "word"),
    [
        ("print('job 1: 503')", "job 1: 503"),
        ("raise SystemExit('it crashed')", "it ended with status 1: it crashed"),
        ("import time; time.sleep(60)", "it did not end within 0.5 s"),
    ],
)
async def test_problems_of_a_second_worker(monkeypatch: pytest.MonkeyPatch, program: str, word: str) -> None:
    monkeypatch.setattr(start_second_workers, "WITHIN_S", 0.5 if "sleep" in program else 20)
    [problem] = await start_second_workers.run_program(sys.executable, "-c", program)
    assert problem.strip() == word


async def test_a_second_worker_without_problems() -> None:
    assert await start_second_workers.run_program("true") == []


async def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = RunRecord()

    def fill(path: Path) -> None:
        path.touch()
        [fault] = record.injected
        assert fault.ended == float("inf")

    monkeypatch.setattr(fill_disk, "_fill", fill)
    await fill_disk._fill_for_a_moment(tmp_path / "filler", record, 0.0)
    [fault] = record.injected
    assert (fault.what, fault.job_id, list(tmp_path.iterdir())) == (FULL_DISK, None, [])
    assert fault.began <= fault.ended <= time.monotonic()


async def test_a_disk_that_is_filled_after_the_planned_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second worker took all the time; afterwards each disk is filled once."""
    monkeypatch.setattr(fill_disk, "_fill", Path.touch)
    record, alone = RunRecord(), asyncio.Lock()
    folders = cast("RunFolders", SimpleNamespace(scratch=tmp_path, data=tmp_path))
    end = RunEnd(time.monotonic() + 0.02, lambda: "full disk" not in missing_faults(record))
    async with alone:
        filling = asyncio.create_task(
            fill_disk.keep_filling(folders, record, random.Random(0), end, pause_s=0.01, alone=alone)
        )
        await asyncio.sleep(0.1)
        assert not end.has_come()
    await asyncio.wait_for(filling, 20)
    assert record.faults == {"full disk of the scratch folder": 1, "full disk of the data root": 1}


@pytest.mark.parametrize(
    ("late_s", "is_complete", "has_come"),
    [(-9, True, False), (1, True, True), (1, False, False), (MAX_DELAY_S + 1, False, True)],
)
def test_the_end_of_a_run(late_s: float, is_complete: bool, has_come: bool) -> None:
    assert RunEnd(time.monotonic() - late_s, lambda: is_complete).has_come() == has_come


def test_filling_to_the_last_byte() -> None:
    fill_disk._fill(Path("/dev/full"))
    with pytest.raises(OSError, match="directory") as caught:
        fill_disk._fill(Path("/"))
    assert caught.value.errno == errno.EISDIR


def test_a_kill() -> None:
    record = RunRecord()
    with subprocess.Popen(["sleep", "60"]) as process:
        kill_processes._kill(WorkerChild(process.pid, "ffmpeg", "job"), record)
    assert process.returncode == -9
    kill_processes._kill(WorkerChild(process.pid, "ffmpeg", "job"), record)  # it has ended: no fault
    assert [(fault.what, fault.job_id) for fault in record.injected] == [("kill -9 of ffmpeg", "job")]
    assert record.faults == {"kill -9 of ffmpeg": 1}


def test_folders_that_are_removed_while_they_are_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of processes and of jobs are."""
    (tmp_path / "a").touch()
    glob, errors = Path.glob, [FileNotFoundError(), ProcessLookupError()]

    def fail_first(path: Path, pattern: str) -> Iterator[Path]:
        if errors:
            raise errors.pop()
        return glob(path, pattern)

    monkeypatch.setattr(Path, "glob", fail_first)
    assert find_paths(tmp_path, "*") == [tmp_path / "a"]
    assert find_paths(tmp_path / "missing", "*/*") == []
    assert children_of(1 << 30) == []


def test_a_kind_of_fault_that_never_happened() -> None:
    record = RunRecord()
    record.skipped["second worker"] = "as asked"
    record.faults |= {"kill -9 of spawner of ffmpeg": 1, "full disk of the data root": 1}
    check_faults(record)
    assert [violation.detail.partition(":")[0] for violation in record.violations] == ["kill"]
    record.faults["kill -9 of ffmpeg"] += 1
    check_faults(record)
    assert len(record.violations) == 1
