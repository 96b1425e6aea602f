"""Proves at the start that the walls stand: a canary is confined like any job's FFmpeg, and must get nowhere."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.sandbox import canary
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.jail import Jail

_MUST_SUCCEED = {"own file written", "own file read", "input read"}
_SHELL = "shell started"
_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code (`None`: by a signal) and what it printed."""

    code: int | None
    stdout: bytes
    stderr: str = ""


class Run(Protocol):
    """Runs a program in a confinement to its end; without `argv` the canary that the spawner has loaded.

    Raises:
        WorkerError: it cannot be started.
    """

    async def __call__(
        self,
        argv: Sequence[str] | None,
        confinement: Confinement | None,
        *,
        cwd: Path,
        env: dict[str, str],
        timeout_s: float,
    ) -> Ended: ...


async def find_holes(jail: Jail, folder: Path, run: Run, ffmpeg: Path) -> list[str]:
    """What a confined program could do that it must not, or could not do that it must; empty: all is well.

    `folder` is the jail's root.

    Raises:
        WorkerError: nothing can be started in the confinement.
    """
    with _set_up(jail, folder) as (lane, orders):
        confinement = jail.for_command(lane, _WITHIN_S)
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
        tried, version = await asyncio.gather(
            run(
                None,
                confinement,
                cwd=lane,
                env={**env, canary.VARIABLE: json.dumps(orders)},
                timeout_s=_WITHIN_S,
            ),
            run([str(ffmpeg), "-version"], confinement, cwd=lane, env=env, timeout_s=_WITHIN_S),
        )
    holes = judge(tried.stdout)
    if tried.code != 0:
        holes.append(f"it ended with {tried.code}: {tried.stderr[-300:]}")
    if version.code != 0:
        holes.append(f"{ffmpeg} does not run: {version.stderr[-300:] or version.code}")
    return holes


def judge(answer: bytes) -> list[str]:
    """What is wrong in a canary's answer."""
    line, _, rest = answer.partition(b"\n")
    try:
        report: dict[str, str | None] = json.loads(line)
    except ValueError:
        return ["the test program gave no answer"]
    holes = [f"{name}: {error}" for name, error in report.items() if error and name in _MUST_SUCCEED]
    holes += [name for name, error in report.items() if error is None and name not in _MUST_SUCCEED]
    if not report.keys() >= _MUST_SUCCEED:
        holes.append("the test program gave half an answer")
    return holes if rest == canary.STILL_HERE else [*holes, _SHELL]


@contextmanager
def _set_up(jail: Jail, root: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A job's folders with an input, and outside of them a folder that is open to everybody."""
    lane, staging = root / "lane", root / STAGING_FOLDER
    for folder in (root, lane, staging):
        folder.mkdir(exist_ok=True)
    (staging / "input").write_bytes(b"x")
    (staging / "input").chmod(0o644)
    for folder in (root, staging):
        jail.show(folder)
    jail.lend(lane)
    outside = Path(tempfile.mkdtemp(prefix="ffmpeg-worker-canary-"))
    try:
        (outside / "canary").write_bytes(b"x")
        (outside / "canary").chmod(0o644)
        outside.chmod(0o1777)
        yield (
            lane,
            {
                "input": f"../{STAGING_FOLDER}/input",
                "outside": str(outside),
                "worker": str(os.getpid()),
            },
        )
    finally:
        shutil.rmtree(outside, ignore_errors=True)
