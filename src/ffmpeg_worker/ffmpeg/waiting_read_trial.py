"""Tries on this machine whether confined programs can read a file while its bytes arrive."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import struct
from pathlib import Path

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.ffmpeg.run_captured import run_captured
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.sandbox.level import Level
from ffmpeg_worker.sandbox.ticket import open_arguments
from ffmpeg_worker.sandbox.waiting_reads import TICKETS
from ffmpeg_worker.tasks import cancel_and_wait, run_all

_TIMEOUT_S = 20.0
_RATE = 8000
_SAMPLES = bytes(number * 7 % 251 for number in range(100_000))
_FORMAT = struct.pack("<IHHIIHH", 16, 1, 1, _RATE, _RATE, 1, 8)  # PCM of 8 bits, mono
_HEAD = b"".join(
    (
        b"RIFF" + struct.pack("<I", 36 + len(_SAMPLES)),
        b"WAVEfmt " + _FORMAT,
        b"data" + struct.pack("<I", len(_SAMPLES)),
    )
)
_INPUT = open_arguments(TICKETS[0])


class WaitingReadTrial:
    """The trial of one worker, made when it is first needed, and then remembered."""

    def __init__(self, tools: Tools, scratch: Path, *, is_on: bool = True) -> None:
        """`scratch` is a folder of the worker; `is_on` is the operator's setting."""
        self._tools = tools
        self._scratch = scratch
        self._is_on = is_on
        self._trial: asyncio.Task[tuple[str | None, str | None]] | None = None

    @property
    def known(self) -> tuple[str | None, str | None] | None:
        """Why ffmpeg and ffprobe cannot, `None` each if they can; `None` for both while that is not known."""
        done = self._trial is not None and self._trial.done() and not self._trial.cancelled()
        return self._trial.result() if self._trial is not None and done else None

    def begin(self) -> None:
        """Begin the trial, if it has not begun."""
        if self._trial is None:
            self._trial = asyncio.ensure_future(self._try())

    async def problems(self) -> tuple[str | None, str | None]:
        """Why ffmpeg and ffprobe cannot; `None` each if they can."""
        self.begin()
        assert self._trial is not None  # noqa: S101
        return await asyncio.shield(self._trial)

    async def close(self) -> None:
        """End a trial that runs."""
        if self._trial is not None:
            await cancel_and_wait(self._trial)

    async def _try(self) -> tuple[str | None, str | None]:
        reason = self._why_not()
        if reason is not None:
            return reason, reason
        root = self._scratch / f"read-test-{secrets.token_hex(4)}"
        root.mkdir(mode=0o700)
        try:
            with self._tools.sandbox.jail(root) as jail:
                jail.share(root)
                tools = self._tools
                copied = hashlib.md5(_SAMPLES, usedforsecurity=False).hexdigest()
                md5 = self._run(jail, tools.ffmpeg, (*_INPUT, "-c", "copy", "-f", "md5", "-"), f"MD5={copied}")
                if tools.ffprobe is None:
                    return await md5, None
                shown = ("-show_entries", "stream=sample_rate", "-of", "csv=p=0")
                both = await run_all([md5, self._run(jail, tools.ffprobe, (*shown, *_INPUT), str(_RATE))])
                return both[0], both[1]
        except (WorkerError, OSError) as error:
            return str(error), str(error)
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def _why_not(self) -> str | None:
        if not self._is_on:
            return "FFMPEG_WORKER_RANGED_INPUTS is off"
        if self._tools.sandbox.level is Level.OFF:
            return "the sandbox is off"
        return None if self._tools.sandbox.filters_calls else "the sandbox has no seccomp filter"

    async def _run(self, jail: Jail, program: Path, arguments: tuple[str, ...], expected: str) -> str | None:
        """Run a program on the file; return why its answer is not as expected."""
        file = _ArrivingFile()
        try:
            run = await run_captured(
                self._tools.spawner,
                [str(program), "-v", "error", *arguments],
                cwd=jail.root,
                env=make_child_environment(self._tools.environment),
                timeout_s=_TIMEOUT_S,
                confinement=jail.for_probe(_TIMEOUT_S),
                files=[file],
            )
        except WorkerError as error:
            return error.detail or error.message
        finally:
            os.close(file.descriptor)
        if run.stdout.decode(errors="replace").strip() == expected and file.fetched:
            return None
        return f"{program.name} did not read what arrived: {run.log.last(1) or run.exit}"


class _ArrivingFile:
    """A sound file whose blocks arrive when they are read."""

    size = len(_HEAD) + len(_SAMPLES)
    problem = None

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("arriving", os.MFD_CLOEXEC)
        self.fetched = 0
        os.ftruncate(self.descriptor, self.size)

    def open_descriptor(self) -> int:
        return os.open(f"/proc/self/fd/{self.descriptor}", os.O_RDONLY | os.O_CLOEXEC)

    def open_reader(self) -> _ArrivingFile:
        return self

    def has(self, start: int, length: int) -> bool:
        return start + length <= self.fetched

    async def fetch(self, start: int, length: int) -> None:
        await asyncio.sleep(0)
        end = start + length
        os.pwrite(self.descriptor, (_HEAD + _SAMPLES)[self.fetched : end], self.fetched)
        self.fetched = max(self.fetched, end)

    def close(self) -> None:
        pass
