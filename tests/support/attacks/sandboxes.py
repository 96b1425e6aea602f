"""Sandboxes and jails for tests, made as the worker makes them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.sandbox.confinement import Limits
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.sandbox.level import SandboxSupport, detect_sandbox_support
from ffmpeg_worker.sandbox.sandbox import Sandbox
from ffmpeg_worker.sandbox.users import JobUsers, open_job_users

FIRST_UID = 210000
MACHINE = detect_sandbox_support(FIRST_UID)
WITHOUT_LANDLOCK = replace(MACHINE, landlock_abi=0)
LIMITS = Limits(data_bytes=1 << 30, file_bytes=1 << 30, open_files=256, processes=64)

needs_sandbox = pytest.mark.skipif(bool(MACHINE.missing), reason=f"no sandbox here: {MACHINE.missing}")
needs_users = pytest.mark.skipif(MACHINE.no_users is not None, reason=f"no users for jobs: {MACHINE.no_users}")


@contextmanager
def open_jail(
    root: Path, *, own_user: bool = True, machine: SandboxSupport = MACHINE
) -> Iterator[tuple[Sandbox, Jail, Path]]:
    """A sandbox, a jail of it whose folder is `root`, and a working folder in that, with an input `_in/input`.

    Without Landlock the folder above `root` becomes the root folder of its programs.
    """
    has_user = own_user and MACHINE.no_users is None
    with open_users() if has_user else nullcontext(None) as users:
        sandbox = Sandbox("require", machine, limits=LIMITS, cores=2, users=users)
        sandbox.allow_programs(find_ffmpeg(None))
        root.mkdir(parents=True, exist_ok=True)
        sandbox.prepare_root(root.parent)
        with sandbox.jail(root) as jail:
            lane, staging = root / "lane", root / STAGING_FOLDER
            for folder in (root, lane, staging):
                folder.mkdir(exist_ok=True)
            (staging / "input").write_bytes(b"input")
            jail.share(root)
            jail.share(staging)
            jail.hand_over(lane)
            yield sandbox, jail, lane


def open_users() -> AbstractContextManager[JobUsers]:
    """User IDs of jobs, which no worker on this machine uses."""
    return open_job_users(FIRST_UID, None, Path(tempfile.gettempdir()))
