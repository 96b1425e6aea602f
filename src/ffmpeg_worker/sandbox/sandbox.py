"""The sandbox of one worker: decided from the settings and the machine, proven, then asked for each job's jail."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Literal

from ffmpeg_worker.errors import Misconfigured, WorkerError
from ffmpeg_worker.logs import log
from ffmpeg_worker.sandbox.chroot import build_chroot
from ffmpeg_worker.sandbox.confinement import Confinement, Limits
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.sandbox.level import Level, SandboxSupport, detect_sandbox_support
from ffmpeg_worker.sandbox.self_test import Run, find_holes
from ffmpeg_worker.sandbox.system_paths import DEVICES, READABLE, gpu_devices, gpu_readable, libraries_of, loaders
from ffmpeg_worker.sandbox.users import JobUsers
from ffmpeg_worker.settings import Settings

Wanted = Literal["require", "degraded", "off"]
_ANYWAY = "or set FFMPEG_WORKER_SANDBOX=degraded (weaker) or off (none), where every caller and file is trusted"


class Sandbox:
    """How the programs of this worker's jobs are confined."""

    def __init__(
        self,
        wanted: Wanted,
        machine: SandboxSupport,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        cores: int = 1,
        users: JobUsers | None = None,
    ) -> None:
        self.level = Level.OFF if wanted == "off" else machine.level
        self.landlock_abi = machine.landlock_abi
        self._wanted = wanted
        self._machine = machine
        self._limits = limits
        self._cores = cores
        self._users = users
        self._programs: tuple[Path, ...] = ()
        self._root: Path | None = None

    def admit_programs(self, *programs: Path | None) -> None:
        """Let jobs run these."""
        self._programs = tuple(program for program in programs if program is not None)

    @contextmanager
    def jail(self, root: Path) -> Iterator[Jail]:
        """The jail of one job, whose folder is `root`; its user is nobody else's meanwhile."""
        if self._wanted == "off":
            yield Jail(root, None, cores=self._cores)
            return
        with nullcontext(None) if self._users is None else self._users.one() as uid:
            yield Jail(root, self._base(uid), cores=self._cores)

    def worker_own(self) -> Confinement | None:
        """For FFmpegs that run for the worker itself: they look at themselves and write nothing."""
        return None if self._wanted == "off" else self._base(None)

    def furnish(self, folder: Path) -> None:
        """Where jobs have a root folder of their own, make `folder`, in which they have their directories, that.

        Raises:
            Misconfigured: it cannot be one.
        """
        if self.level is Level.CHROOT:
            build_chroot(folder, self._programs)
            self._root = folder

    async def prove(self, folder: Path, run: Run, ffmpeg: Path) -> None:
        """Try the walls with a canary, in a folder of the worker's own.

        Raises:
            Misconfigured: they do not hold, and the settings demand it.
        """
        if self._wanted == "off":
            return
        await asyncio.to_thread(self.furnish, folder)
        root = folder / f"self-test-{secrets.token_hex(4)}"
        try:
            with self.jail(root) as jail:
                holes = await find_holes(jail, root, run, ffmpeg)
        except WorkerError as error:
            raise Misconfigured(
                "No program can be started in the sandbox.",
                hint=f"See the log for the reason, {_ANYWAY}.",
                detail=error.detail or error.message,
            ) from None
        finally:
            shutil.rmtree(root, ignore_errors=True)
        if holes and (self._wanted == "require" or self.level is not Level.DEGRADED):
            if self._wanted == "require":
                raise Misconfigured(
                    f"The sandbox does not hold here: {'; '.join(holes)}.",
                    hint=f"Run on a kernel with Landlock, outside of nested containers, {_ANYWAY}.",
                )
            self.level = Level.DEGRADED
        if self.level is Level.DEGRADED:
            log(logging.WARNING, "sandbox is weak", missing=self._machine.missing, not_held=holes)

    def _base(self, uid: int | None) -> Confinement:
        gpus = gpu_devices()
        return Confinement(
            readable=(*READABLE, *libraries_of(self._programs), *(gpu_readable() if gpus else ())),
            executable=(*(str(program.resolve()) for program in self._programs), *loaders()),
            devices=(*DEVICES, *gpus),
            names_threads=bool(gpus),
            uid=uid,
            limits=self._limits,
            landlock=self._machine.landlock_abi > 0,
            seccomp=self._machine.has_seccomp,
            root=None if self._root is None or uid is None else str(self._root),
        )


UNCONFINED = Sandbox("off", SandboxSupport(0, has_seccomp=False, no_users="off"))
"""Confines nothing: for tests of other things, and where the settings say so."""


@contextmanager
def open_sandbox(settings: Settings) -> Iterator[Sandbox]:
    """The sandbox that the settings ask for; to be proven before the first job.

    Raises:
        Misconfigured: it cannot be had on this machine.
    """
    wanted: Wanted = settings.sandbox
    if wanted == "off":
        log(logging.WARNING, "sandbox is off: every caller and every media file is trusted")
        yield UNCONFINED
        return
    machine = detect_sandbox_support(settings.sandbox_first_uid)
    if wanted == "require" and machine.missing:
        raise Misconfigured(
            f"The sandbox cannot be had here; missing: {'; '.join(machine.missing)}.",
            hint=f"Run on a machine that has it, {_ANYWAY}.",
        )
    users = JobUsers(settings.sandbox_first_uid) if machine.no_users is None else None
    try:
        yield Sandbox(
            wanted,
            machine,
            limits=limits_of(settings),
            cores=settings.max_concurrency,
            users=users,
        )
    finally:
        if users is not None:
            users.close()


def limits_of(settings: Settings) -> Limits:
    """What one program may use, but for processor time, which depends on its job."""
    return Limits(
        data_bytes=settings.max_memory_bytes or default_memory(settings.max_concurrency),
        file_bytes=settings.max_output_file_bytes,
        open_files=settings.max_open_files,
        processes=settings.max_threads,
    )


_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_DEFAULT_MEMORY = 4 << 30
_CONTAINER_SHARE = 0.8


def default_memory(concurrency: int, limits: Sequence[Path] = _CGROUP_LIMITS) -> int:
    """Bytes for each program: 4 GiB, or less where the container has not so much for all of them."""
    for path in limits:
        try:
            total = int(path.read_text())
        except (OSError, ValueError):  # not there, or "max"
            continue
        return min(_DEFAULT_MEMORY, int(total * _CONTAINER_SHARE) // concurrency)
    return _DEFAULT_MEMORY
