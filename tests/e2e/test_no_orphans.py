"""No ffmpeg and no spawner outlives a killed worker."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from support.processes import alive, with_argument
from support.programs import long_job
from support.wait_until import until

GONE_WITHIN_S = 15.0


def worker(tmp_path: Path, dies_when: str) -> subprocess.Popen[str]:
    """A worker process; everything it starts has `tmp_path` on its command line."""
    command = [sys.executable, long_job.__file__, str(find_ffmpeg(None)), str(tmp_path / "out.mkv"), dies_when]
    # The spawner gets the module search path on its command line.
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def find_processes(tmp_path: Path) -> list[int]:
    return with_argument(str(tmp_path))


@pytest.mark.parametrize("dies_when", ["asked", "started"])
def test_a_worker_that_dies_while_it_starts_ffmpeg(tmp_path: Path, dies_when: str) -> None:
    for _ in range(5):
        with worker(tmp_path, dies_when) as process:
            assert process.wait() == -9
            until(lambda: find_processes(tmp_path) == [], within_s=GONE_WITHIN_S)


def test_a_worker_killed_at_random_moments(tmp_path: Path) -> None:
    chance = random.Random(9)
    for _ in range(20):
        delay = chance.choice([0.0, chance.uniform(0, 0.01), chance.uniform(0, 0.1)])
        with worker(tmp_path, "never") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            until(lambda: find_processes(tmp_path) == [], within_s=GONE_WITHIN_S)


def test_a_worker_killed_in_the_middle_of_an_encode(tmp_path: Path) -> None:
    with worker(tmp_path, "never") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        engine = int(process.stdout.readline().split()[1])
        until(lambda: (tmp_path / "out.mkv").exists() and (tmp_path / "out.mkv").stat().st_size > 100_000)
        assert alive(engine)
        assert len(find_processes(tmp_path)) == 3
        process.kill()
        process.wait()
        until(lambda: find_processes(tmp_path) == [], within_s=GONE_WITHIN_S)
