"""Runs the steps of a queued job and records each, so that a later attempt repeats none that has finished."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from ffmpeg_worker.errors import EngineTimedOut, WorkerError
from ffmpeg_worker.job.command_log import LogSink
from ffmpeg_worker.job.lifecycle import Observer
from ffmpeg_worker.job.problem import error_from_problem, record_error
from ffmpeg_worker.job.secrets import redact_error
from ffmpeg_worker.job_queue.job_folders import INPUTS, WORK
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.step_records import StepRecords
from ffmpeg_worker.logs import redact_var
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.runtime import PieceWorkers, always, run_until
from ffmpeg_worker.pipeline.workspace import Workspace

T = TypeVar("T")

_COSTLY_S = 1.0
"""Seconds of work that a crash may repeat."""


class QueueRuntime:
    """One attempt at a queued job; see `Runtime`.

    Attributes:
        inputs_folder: files that came with the job, if any did.
        outputs_folder: outputs of a job without a target of its own go there.
        is_given_back: whether the attempt ends because the worker does, so that another one goes on.
    """

    uploads_early = False
    records_steps = True
    answers_files = False
    piece_workers: PieceWorkers | None = None
    platform_job = None

    def __init__(  # noqa: PLR0913 - what one attempt is made of
        self,
        resources: WorkerResources,
        job_id: str,
        owner: str,
        *,
        timeout_s: float,
        folder: Path,
        observer: Observer,
        log_sink: LogSink,
        seal: Seal,
        records: StepRecords,
    ) -> None:
        """`folder` is that of the job."""
        self.resources = resources
        self.job_id = job_id
        self.owner = owner
        self.observer = observer
        self.log_sink = log_sink
        self.deadline = time.monotonic() + timeout_s
        self.outputs_folder = folder / "outputs"
        self.inputs_folder = folder / INPUTS
        self._work_folder = folder / WORK
        self._timeout_s = timeout_s
        self._seal = seal
        self._records = records
        self.is_given_back = False

    @asynccontextmanager
    async def open_workspace(self) -> AsyncIterator[Workspace]:
        """See `Runtime.open_workspace`; it stays for later attempts, unless an attempt that hangs still has it."""
        async with self.resources.scratch.kept_workspace(self._work_folder, self.owner) as workspace:
            yield workspace

    async def keeps_outputs(self) -> bool:
        """See `Runtime.keeps_outputs`; also of an attempt that has been replaced, and knows it or not."""
        return self.is_given_back or not await self._records.keeps_ownership()

    async def step(
        self,
        name: str,
        kind: type[T],
        run: Callable[[], Awaitable[T]],
        *,
        doing: str | None = None,
        is_usable: Callable[[T], bool] = always,
        has_effects: bool = False,
    ) -> T:
        """See `Runtime.step`.

        Raises:
            JobReplaced: another attempt runs the job.
        """
        adapter: TypeAdapter[T] = _adapter_of(cast(Hashable, kind))
        if name in self._records.by_name:
            result = self._read(name, adapter)
            if is_usable(result):
                return result
        await self._records.check_ownership()
        if has_effects:
            # What led to it must not be repeated: others may see its result by now.
            await self._records.write_pending()
        began = time.monotonic()
        try:
            result = await (run() if doing is None else run_until(self.deadline, run, doing, self._timeout_s))
        except WorkerError as error:
            if not error.retryable and not isinstance(error, EngineTimedOut):
                await self._write(name, {"problem": record_error(_redacted(error))}, at_once=True)
            raise
        is_costly = has_effects or time.monotonic() - began > _COSTLY_S
        await self._write(name, {"result": adapter.dump_python(result, mode="json")}, at_once=is_costly)
        return self._read(name, adapter)

    def _read(self, name: str, adapter: TypeAdapter[T]) -> T:
        record: dict[str, Any] = json.loads(self._seal.unseal(self._records.by_name[name]))
        if "problem" in record:
            raise error_from_problem(record["problem"])
        return adapter.validate_json(json.dumps(record["result"]))

    async def _write(self, name: str, record: Mapping[str, Any], *, at_once: bool) -> None:
        sealed = self._seal.seal(json.dumps(record, separators=(",", ":")).encode())
        await self._records.add(name, sealed, at_once=at_once)


@lru_cache(maxsize=64)
def _adapter_of(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _redacted(error: WorkerError) -> WorkerError:
    redact = redact_var.get()
    return error if redact is None else redact_error(error.copy(), redact)
