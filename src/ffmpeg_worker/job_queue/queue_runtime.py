"""Runs the steps of a queued job and records each, so that a later attempt repeats none that has finished."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from ffmpeg_worker.errors import EngineTimedOut, WorkerError
from ffmpeg_worker.job.lifecycle import Observer
from ffmpeg_worker.job.problem import error_from_problem, record_error
from ffmpeg_worker.job.secrets import redact_error
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_store import check_attempt
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.step_store import write_step
from ffmpeg_worker.logs import redact_var
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.runtime import always, run_until
from ffmpeg_worker.pipeline.workspace import Workspace

T = TypeVar("T")

_TRUSTED_S = 2.0
"""Seconds for which the last successful write proves that this attempt still owns its job."""


class QueueRuntime:
    """One attempt at a queued job; see `Runtime`.

    Attributes:
        outputs_folder: outputs of a job without a target of its own go there.
        is_given_back: whether the attempt ends because the worker does, so that another one goes on.
    """

    uploads_early = False

    def __init__(  # noqa: PLR0913 - what one attempt is made of
        self,
        resources: WorkerResources,
        job_id: str,
        owner: str,
        *,
        token: str,
        timeout_s: float,
        folder: Path,
        observer: Observer,
        database: Database,
        seal: Seal,
        records: Mapping[str, bytes],
    ) -> None:
        """`folder` is that of the job, `records` are the sealed ones of earlier attempts."""
        self.resources = resources
        self.job_id = job_id
        self.owner = owner
        self.observer = observer
        self.deadline = time.monotonic() + timeout_s
        self.outputs_folder = folder / "outputs"
        self._work_folder = folder / "work"
        self._timeout_s = timeout_s
        self._token = token
        self._database = database
        self._seal = seal
        self._records = dict(records)
        self._owned_at = time.monotonic()
        self.is_given_back = False

    @asynccontextmanager
    async def open_workspace(self) -> AsyncIterator[Workspace]:
        """See `Runtime.open_workspace`; it stays for later attempts, unless an attempt that hangs still has it."""
        async with self.resources.scratch.kept_workspace(self._work_folder, self.owner) as workspace:
            yield workspace

    async def keeps_outputs(self) -> bool:
        """See `Runtime.keeps_outputs`; also of an attempt that has been replaced, and knows it or not."""
        if self.is_given_back:
            return True
        try:
            await self._database.run(partial(check_attempt, job_id=self.job_id, token=self._token), patience_s=5)
        except WorkerError:
            return True
        return False

    async def step(
        self,
        name: str,
        kind: type[T],
        run: Callable[[], Awaitable[T]],
        *,
        doing: str | None = None,
        is_usable: Callable[[T], bool] = always,
    ) -> T:
        """See `Runtime.step`.

        Raises:
            JobReplaced: another attempt runs the job.
        """
        adapter: TypeAdapter[T] = _adapter_of(cast(Hashable, kind))
        if name in self._records:
            result = self._read(name, adapter)
            if is_usable(result):
                return result
        await self._check_ownership()
        try:
            result = await (run() if doing is None else run_until(self.deadline, run, doing, self._timeout_s))
        except WorkerError as error:
            if not error.retryable and not isinstance(error, EngineTimedOut):
                await self._write(name, {"problem": record_error(_redacted(error))})
            raise
        await self._write(name, {"result": adapter.dump_python(result, mode="json")})
        return self._read(name, adapter)

    def _read(self, name: str, adapter: TypeAdapter[T]) -> T:
        record: dict[str, Any] = json.loads(self._seal.unseal(self._records[name]))
        if "problem" in record:
            raise error_from_problem(record["problem"])
        return adapter.validate_json(json.dumps(record["result"]))

    async def _write(self, name: str, record: Mapping[str, Any]) -> None:
        sealed = self._seal.seal(json.dumps(record, separators=(",", ":")).encode())
        await self._database.run(
            partial(write_step, job_id=self.job_id, token=self._token, name=name, record=sealed)
        )
        self._records[name] = sealed
        self._owned_at = time.monotonic()

    async def _check_ownership(self) -> None:
        """A worker that was stopped for a while must not begin another step of a job that it has lost."""
        if time.monotonic() - self._owned_at > _TRUSTED_S:
            await self._database.run(partial(check_attempt, job_id=self.job_id, token=self._token))
            self._owned_at = time.monotonic()


@lru_cache(maxsize=64)
def _adapter_of(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _redacted(error: WorkerError) -> WorkerError:
    redact = redact_var.get()
    return error if redact is None else redact_error(error.copy(), redact)
