"""Forks renderers of compositions from a preloaded process, and reads what they report."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from signal import SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGXCPU
from typing import Any

from ffmpeg_worker.codes import CODES, Fault
from ffmpeg_worker.errors import EngineError, EngineFailed, EngineKilled, UnsupportedFeature
from ffmpeg_worker.ffmpeg.log_tail import MAX_LOG_BYTES, LogTail, strip_log_tags
from ffmpeg_worker.process.child import Child, Exit, Output
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.process.spawner import PIPE, Spawner
from ffmpeg_worker.process.waiting_file import WaitingFile
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.waiting_reads import TICKETS
from ffmpeg_worker.scene.scene_json import encode_order

_PRELOAD = "ffmpeg_worker.raster.renderer_program:serve"
_STREAMS = 3  # the first of their descriptors
_FILE_KEY = b'"file": "'  # quotation marks inside texts are escaped
_FAULTS = {fault.value: fault for fault in (Fault.CALLER, Fault.SOURCE, Fault.WORKER)}
_CRASHES = frozenset({SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS})
_NO_MEMORY = re.compile(r"^memory allocation of \d+ bytes failed", re.MULTILINE)
_NEEDED = ("numpy", "cv2", "PIL", "uharfbuzz", "resvg_py", "icu4py", "uniseg", "bidi", "fontTools", "brotli")


@dataclass(slots=True)
class RendererRun:
    """A running renderer. Its frames are complete only when `wait` has returned.

    `reads_files`: its scene has files or fonts of the caller. `files` are those that it reads by range.
    """

    child: Child
    log: LogTail = field(default_factory=LogTail)
    reads_files: bool = False
    files: tuple[WaitingFile, ...] = ()

    async def wait(self) -> tuple[str, ...]:
        """Wait for the end of the renderer and return its warnings.

        Raises:
            EngineFailed: it failed or crashed; `where.field` names the layer.
            EngineKilled: it was killed from outside.
        """
        result = await self.child.wait()
        notes = [_read_note(line) for line in strip_log_tags(self.log.text).splitlines()]
        if result.code == 0:
            return tuple(dict.fromkeys(note["warning"] for note in notes if "warning" in note))
        failure = next((note for note in reversed(notes) if "error" in note), None)
        raise _failed(failure, result, strip_log_tags(self.log.text), reads_files=self.reads_files)


def find_missing_packages() -> tuple[str, ...]:
    """Return the packages that rendering needs and that are not installed."""
    return tuple(name for name in _NEEDED if find_spec(name) is None)


class RendererSpawner:
    """Forks renderers; opened and closed with the worker."""

    def __init__(self) -> None:
        self._forks = Spawner(preload=_PRELOAD)
        self._is_open = False

    def require_packages(self) -> None:
        """Check that everything is installed.

        Raises:
            UnsupportedFeature: a package is missing.
        """
        if missing := find_missing_packages():
            raise UnsupportedFeature(
                "This worker does not render compositions: packages are not installed.",
                hint="Install the worker again, with its dependencies.",
                detail=f"missing: {', '.join(missing)}",
            )

    async def open(self) -> None:
        """Start the process that renderers are forked from, if it is not running. It loads in the background."""
        if not self._is_open:
            self._is_open = True
            await self._forks.open()

    async def close(self) -> None:
        """Stop all renderers."""
        await self._forks.close()

    async def start(
        self,
        order: Mapping[str, Any],
        *,
        stdout: Output | int,
        cwd: Path,
        confinement: Confinement | None,
        files: Mapping[str, WaitingFile] | None = None,
        streams: Mapping[str, int] | None = None,
    ) -> RendererRun:
        """Start a renderer on an order of `raster/renderer_program.py`; its frames go to `stdout`.

        The bytes of `files`, by their names in the scene, are fetched when they are read. Files of the names in
        `streams` are read from these open descriptors.

        Raises:
            EngineUnavailable: it cannot be started.
        """
        await self.open()
        log, waiting, read = LogTail(), tuple((files or {}).values()), streams or {}
        child = await self._forks.start(
            (),
            cwd=cwd,
            env=make_child_environment({}),
            stdin=PIPE,
            outputs={1: stdout, 2: Output(log.feed, MAX_LOG_BYTES), **dict(enumerate(read.values(), _STREAMS))},
            confinement=confinement,
            files=waiting,
        )
        tickets = dict(zip(files or {}, TICKETS, strict=False))
        shown = {name: number for number, name in enumerate(read, _STREAMS)}
        more = {key: found for key, found in (("tickets", tickets), ("streams", shown)) if found}
        request = encode_order({**order, **more}) + b"\n"
        if child.stdin is not None:
            child.stdin.write(request)
        return RendererRun(child, log, reads_files=_FILE_KEY in request, files=waiting)


def _read_note(line: str) -> dict[str, str]:
    """Read a line of the renderer. Its process reads untrusted files, so the values are only taken as texts."""
    try:
        note = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in note.items()} if isinstance(note, dict) else {}


def _failed(note: Mapping[str, str] | None, end: Exit, log: str, *, reads_files: bool) -> EngineError:
    if note is not None:
        code = note.get("code", "")
        return EngineFailed(
            note["error"],
            code=code if code in CODES else "renderer_failed",
            fault=_FAULTS.get(note.get("fault", ""), Fault.CALLER),
            hint=note.get("hint"),
            where={"field": note["where"]} if "where" in note else None,
            detail=note.get("detail"),
        )
    if end.signal == SIGABRT and _NO_MEMORY.search(log):
        return EngineFailed(
            "The renderer ran out of memory.",
            code="renderer_out_of_memory",
            hint="Use a smaller canvas, smaller sources or fewer layers at once.",
        )
    if end.signal in _CRASHES and reads_files:
        return EngineFailed(
            "Drawing the files of the composition crashed the renderer; other jobs were not affected.",
            code="source_crashes_renderer",
            hint="One of them is damaged or malicious; create it again from its source.",
            detail=f"signal {end.signal}: {log}",
        )
    if end.signal == SIGXCPU:
        return EngineFailed(
            "The renderer used up the processor time it may use.",
            code="cpu_time_exceeded",
            hint="Ask for less work: a smaller canvas, a shorter part, or more time.",
        )
    if end.is_stop:
        return EngineKilled(
            "The renderer was killed from outside, usually because memory ran out.",
            hint="Try again. If it happens again, use a smaller canvas or smaller sources.",
            detail=log,
        )
    message = "The renderer failed." if end.signal is None else "The renderer crashed."
    return EngineFailed(message, code="renderer_failed", fault=Fault.WORKER, detail=log)
