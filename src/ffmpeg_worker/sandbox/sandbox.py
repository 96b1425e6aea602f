"""The sandbox of one worker: chosen by settings and machine, tested at the start, and used for every job."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ffmpeg_worker.errors import EngineKilled, Misconfigured, WorkerError
from ffmpeg_worker.logs import log
from ffmpeg_worker.sandbox.chroot import build_chroot
from ffmpeg_worker.sandbox.confinement import Confinement, Limits
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.sandbox.level import Level, SandboxSupport, detect_sandbox_support
from ffmpeg_worker.sandbox.system_paths import (
    DEVICES,
    GPU_DEVICES,
    GPU_READABLE,
    LOADERS,
    READABLE,
    expand,
    libraries_of,
    state_of_devices,
)
from ffmpeg_worker.sandbox.users import JobUsers, open_job_users
from ffmpeg_worker.settings import Settings

Mode = Literal["require", "degraded", "off"]
_OR_WEAKER = (
    "or set FFMPEG_WORKER_SANDBOX=degraded (weaker) or off (none) if every caller and every file can be trusted"
)


@dataclass(frozen=True, slots=True)
class _SystemPaths:
    """Files and GPU devices of the system that jobs may use."""

    readable: tuple[str, ...]
    executable: tuple[str, ...]
    gpus: tuple[str, ...]


class Sandbox:
    """Confines the programs of this worker's jobs."""

    def __init__(
        self,
        mode: Mode,
        support: SandboxSupport,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        cores: int = 1,
        users: JobUsers | None = None,
    ) -> None:
        self.level = Level.OFF if mode == "off" else support.level
        self.landlock_abi = support.landlock_abi
        self._mode = mode
        self._support = support
        self._limits = limits
        self._cores = cores
        self._users = users
        self._programs: tuple[Path, ...] = ()
        self._root: Path | None = None
        self._paths: tuple[tuple[int, ...], _SystemPaths] | None = None

    def allow_programs(self, *programs: Path | None) -> None:
        """Set the programs that jobs may run."""
        self._programs = tuple(program for program in programs if program is not None)
        self._paths = None

    @contextmanager
    def jail(self, root: Path) -> Iterator[Jail]:
        """The jail of one job, whose folder is `root`; no other job has its user while the block runs."""
        if self._mode == "off":
            yield Jail(root, None, cores=self._cores)
            return
        with nullcontext(None) if self._users is None else self._users.borrow() as uid:
            yield Jail(root, self._base(uid), cores=self._cores)

    def for_worker(self) -> Confinement | None:
        """The confinement of FFmpegs that run for the worker itself, e.g. to list encoders; they write nothing."""
        return None if self._mode == "off" else self._base(None)

    @property
    def filters_calls(self) -> bool:
        """Whether a filter judges the system calls of jobs."""
        return self._mode != "off" and self._support.has_seccomp

    @property
    def confines_to_root(self) -> bool:
        """Whether jobs run in folders below the one of `prepare_root` only."""
        return self._root is not None

    def prepare_root(self, folder: Path) -> None:
        """At the level `chroot`, make `folder`, which contains the jobs' folders, their root folder.

        Raises:
            Misconfigured: it cannot be a root folder.
        """
        if self.level is Level.CHROOT:
            build_chroot(folder, self._programs)
            self._root = folder

    async def verify(self, folder: Path, find_holes: Callable[[Jail, Path], Awaitable[list[str]]]) -> None:
        """Test the sandbox in `folder`, which only the worker uses; lowers the level on failure.

        `find_holes` runs a program in a jail, whose folder is its second argument, and lists what it could do.

        Raises:
            Misconfigured: the sandbox has holes, and the settings require it.
            EngineKilled: the test was killed from outside, twice, which says nothing about the sandbox.
        """
        if self._mode == "off":
            return
        await asyncio.to_thread(self.prepare_root, folder)
        root = folder / f"self-test-{secrets.token_hex(4)}"
        try:
            with self.jail(root) as jail:
                holes = await find_holes(jail, root)
        except EngineKilled as error:
            raise EngineKilled(
                "The sandbox could not be tested: its test was killed from outside, twice.",
                hint="Start the worker again. If it happens again, the machine has too little memory, "
                "or another program kills its processes.",
                detail=error.detail or error.message,
            ) from None
        except WorkerError as error:
            raise Misconfigured(
                "No program can be started in the sandbox.",
                hint=f"See the log for the reason, {_OR_WEAKER}.",
                detail=error.detail or error.message,
            ) from None
        finally:
            shutil.rmtree(root, ignore_errors=True)
        if holes and self._mode == "require":
            raise Misconfigured(
                f"The sandbox does not work on this machine: {'; '.join(holes)}.",
                hint=f"Run on a kernel with Landlock, outside of nested containers, {_OR_WEAKER}.",
            )
        if holes:
            self.level = Level.DEGRADED
        if self.level is Level.DEGRADED:
            log(logging.WARNING, "sandbox is weak", missing=self._support.missing, holes=holes)

    def _base(self, uid: int | None) -> Confinement:
        paths = self._find_paths()
        return Confinement(
            readable=paths.readable,
            executable=paths.executable,
            devices=(*DEVICES, *paths.gpus),
            names_threads=bool(paths.gpus),
            uid=uid,
            limits=self._limits,
            landlock=self._support.landlock_abi > 0,
            seccomp=self._support.has_seccomp,
            root=None if self._root is None or uid is None else str(self._root),
        )

    def _find_paths(self) -> _SystemPaths:
        """Find the system's files for jobs; again only if the devices have changed."""
        state = state_of_devices()
        if self._paths is None or self._paths[0] != state:
            gpus = expand(GPU_DEVICES)
            found = _SystemPaths(
                readable=(*READABLE, *libraries_of(self._programs), *(expand(GPU_READABLE) if gpus else ())),
                executable=(*(str(program.resolve()) for program in self._programs), *expand(LOADERS)),
                gpus=gpus,
            )
            self._paths = (state, found)
        return self._paths[1]


UNCONFINED = Sandbox("off", SandboxSupport(0, has_seccomp=False, no_users="off"))
"""Confines nothing: for the setting `off`, and for tests."""


@contextmanager
def open_sandbox(settings: Settings) -> Iterator[Sandbox]:
    """The sandbox that the settings select; call `verify` before the first job.

    Raises:
        Misconfigured: this machine does not support it, or the folder of locks cannot be used.
    """
    mode: Mode = settings.sandbox
    if mode == "off":
        log(logging.WARNING, "sandbox is off: every caller and every media file is trusted")
        yield UNCONFINED
        return
    support = detect_sandbox_support(settings.sandbox_first_uid)
    if mode == "require" and support.missing:
        raise Misconfigured(
            f"This machine does not support the sandbox; missing: {'; '.join(support.missing)}.",
            hint=f"Use a machine that supports it, {_OR_WEAKER}.",
        )
    first, lock_root, scratch_root = settings.sandbox_first_uid, settings.lock_root, settings.scratch_root
    with nullcontext(None) if support.no_users else open_job_users(first, lock_root, scratch_root) as users:
        yield Sandbox(mode, support, limits=limits_of(settings), cores=settings.max_concurrency, users=users)


def limits_of(settings: Settings) -> Limits:
    """The limits of one program, except processor time, which depends on its job."""
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
    """Memory limit of each program in bytes: 4 GiB, or less if the container has too little for all of them."""
    for path in limits:
        try:
            total = int(path.read_text())
        except (OSError, ValueError):  # no such file, or "max"
            continue
        return min(_DEFAULT_MEMORY, int(total * _CONTAINER_SHARE) // concurrency)
    return _DEFAULT_MEMORY
