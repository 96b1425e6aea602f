"""Tests the sandbox at the worker's start: a canary, confined like a job's FFmpeg, must fail at every attack."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ffmpeg_worker.ffmpeg.run_captured import run_captured
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox import canary
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.tasks import run_all

PRELOAD = "ffmpeg_worker.sandbox.canary:serve"
"""What the spawner of `find_holes` must preload."""

_MUST_SUCCEED = {"own file written", "own file read", "input read"}
_SHELL = "shell started"
_TIMEOUT_S = 20.0


async def find_holes(spawner: Spawner, ffmpeg: Path, jail: Jail, folder: Path) -> list[str]:
    """Run the canary and `ffmpeg -version` in a jail; list what works but must not, or must but does not.

    `spawner` has preloaded the canary. `folder` is the jail's root.

    Raises:
        EngineKilled: a program was killed from outside, twice.
        WorkerError: no program can be started in the confinement.
    """
    with _set_up(jail, folder) as (lane, paths):
        run = partial(run_captured, spawner, cwd=lane, timeout_s=_TIMEOUT_S)
        confinement = jail.for_command(lane, _TIMEOUT_S)
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
        tried, version = await run_all(
            [
                run((), env={**env, canary.VARIABLE: json.dumps(paths)}, confinement=confinement),
                run([str(ffmpeg), "-version"], env=env, confinement=confinement),
            ]
        )
    holes = read_holes(tried.stdout)
    if tried.exit.code != 0:
        holes.append(f"it ended with {tried.exit.code}: {tried.log.text[-300:]}")
    if version.exit.code != 0:
        holes.append(f"{ffmpeg} does not run: {version.log.text[-300:] or version.exit.code}")
    return holes


def read_holes(answer: bytes) -> list[str]:
    """The holes that a canary's answer shows."""
    line, _, rest = answer.partition(b"\n")
    try:
        report: dict[str, str | None] = json.loads(line)
    except ValueError:
        return ["the test program did not answer"]
    holes = [f"{name}: {error}" for name, error in report.items() if error and name in _MUST_SUCCEED]
    holes += [name for name, error in report.items() if error is None and name not in _MUST_SUCCEED]
    if not report.keys() >= _MUST_SUCCEED:
        holes.append("the test program answered only in part")
    return holes if rest == canary.STILL_HERE else [*holes, _SHELL]


@contextmanager
def _set_up(jail: Jail, root: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Make a job's folders with an input, and a world-writable folder outside; yields the lane and the paths."""
    lane, staging = root / "lane", root / STAGING_FOLDER
    for folder in (root, lane, staging):
        folder.mkdir(exist_ok=True)
    (staging / "input").write_bytes(b"x")
    (staging / "input").chmod(0o644)
    for folder in (root, staging):
        jail.share(folder)
    jail.hand_over(lane)
    outside = Path(tempfile.mkdtemp(prefix="ffmpeg-worker-canary-"))
    try:
        (outside / "canary").write_bytes(b"x")
        (outside / "canary").chmod(0o644)
        outside.chmod(0o1777)
        paths = {"input": f"../{STAGING_FOLDER}/input", "outside": str(outside), "worker": str(os.getpid())}
        yield lane, paths
    finally:
        shutil.rmtree(outside, ignore_errors=True)
