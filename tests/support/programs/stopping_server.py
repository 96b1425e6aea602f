"""An API server whose queued jobs stand still at the step that their metadata name, until the server is killed.

`metadata.stop_at` is `STEP:before`, `STEP:during` (a quarter of a second after its begin) or `STEP:unrecorded` (it
has ended and has no record); at `STEP:kill` the server kills itself. In the folder that `STOPPING_FOLDER` names,
the file `steps` gets a line for each step that runs, `records` some for each whose record is written, and each job
that stands still makes a file named after itself. `STOPPING=off` only writes these two files.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ffmpeg_worker.api.serve import serve
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job_queue.attempt_store import Attempt
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from ffmpeg_worker.job_queue.run_attempts import AttemptRunner
from ffmpeg_worker.job_queue.step_records import StepRecords
from ffmpeg_worker.logs import configure_logging
from ffmpeg_worker.settings import read_settings

_FOLDER = Path(os.environ.get("STOPPING_FOLDER", "."))
_IS_ON = os.environ.get("STOPPING") != "off"
_stop_at: ContextVar[str] = ContextVar("stop_at", default="")

_run_job = AttemptRunner._run_job
_step = QueueRuntime.step
_write = StepRecords._write


async def _run_job_with_stop(self: AttemptRunner, attempt: Attempt, running: Any) -> JobResult:
    _stop_at.set(str((attempt.record.metadata or {}).get("stop_at", "")) if _IS_ON else "")
    return await _run_job(self, attempt, running)


async def _stop(runtime: QueueRuntime) -> None:
    await runtime._records.write_pending()  # of the steps before, which are written a moment later otherwise
    (_FOLDER / runtime.job_id).touch()
    await asyncio.Event().wait()


async def _step_with_stop(
    self: QueueRuntime, name: str, kind: Any, run: Callable[[], Awaitable[Any]], **more: Any
) -> Any:
    wanted, _, when = _stop_at.get().rpartition(":")

    async def observed() -> Any:
        with (_FOLDER / "steps").open("a") as file:
            file.write(f"{self.job_id} {name}\n")
        if wanted != name:
            return await run()
        if when == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if when == "during":
            await self._records.write_pending()
            asyncio.get_running_loop().call_later(0.25, (_FOLDER / self.job_id).touch)
            await run()
            await asyncio.Event().wait()
        if when == "unrecorded":
            await run()
        await _stop(self)
        return None

    return await _step(self, name, kind, observed, **more)


async def _write_and_tell(self: StepRecords) -> None:
    await _write(self)
    # Also those that came while this call waited for an earlier one, and those that others have written meanwhile.
    with (_FOLDER / "records").open("a") as file:
        file.writelines(f"{self._job_id} {name}\n" for name in sorted(set(self.by_name) - set(self._pending)))


def _say(address: str) -> None:
    print(address, flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    AttemptRunner._run_job = _run_job_with_stop  # type: ignore[method-assign]
    QueueRuntime.step = _step_with_stop  # type: ignore[method-assign]
    StepRecords._write = _write_and_tell  # type: ignore[method-assign]
    settings = read_settings()
    configure_logging(settings.log_level)
    asyncio.run(serve(settings, on_ready=_say, lifeline=0))
