"""The engine of queued jobs: DBOS keeps the queue, and starts each job on one worker, after a crash on another.

This is the only module that imports `dbos`. It runs in threads of its own, with its own event loop, and calls back
into the worker's event loop. Each job is a workflow with one call: the steps of a job run side by side, and DBOS
tells steps apart by the order in which they start, so their records are kept in `step_store` by name.

Three private parts of DBOS are used, since the public ones do not serve: the loop that takes work from a queue (it
must wake when a job arrives, and each worker has its own number of slots, which a queue in the database cannot
have), and the recovery of the workflows of a dead worker. `tests/contract/test_dbos.py` holds what is relied on;
the dependency is pinned to the minor version that was read.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer
from dbos._queue import _INTERNAL_QUEUE_CONSTRUCTION, Queue, queue_worker_thread

from ffmpeg_worker.errors import JobInterrupted, Misconfigured
from ffmpeg_worker.job_queue.database import IDLE_TRANSACTION_S
from ffmpeg_worker.job_queue.wake_event import WakeEvent
from ffmpeg_worker.tasks import finish_shielded

APPLICATION_VERSION = "1"
"""Workflows run only on workers of the same version; it changes when the meaning of stored records does."""
JOBS_QUEUE = "jobs"
PIECES_QUEUE = "pieces"
"""A queue of its own: jobs that wait for their pieces would otherwise hold every slot that the pieces need."""
_WORKFLOW = "ffmpeg_worker.run_job"
_POLL_S = 1.0
_JOIN_S = 15.0

RunJob = Callable[[str], Awaitable[None]]
"""Runs a job by its id, on the worker's event loop."""

_runner: Engine | None = None
"""The open engine: DBOS itself exists once in a process."""


class Engine:
    """An open DBOS; all methods but `open`, `close` and `wake` block, and are called in threads."""

    def __init__(self, url: str, executor: str, run: RunJob, *, slots: int, pieces: int) -> None:
        """`url` is that of the database; `slots` jobs and `pieces` of jobs run at once here, 0 for none."""
        self._url = url
        self._executor = executor
        self._run = run
        self._limits = {JOBS_QUEUE: slots, PIECES_QUEUE: pieces}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wakes: dict[str, WakeEvent] = {}
        self._threads: list[threading.Thread] = []
        self._is_closing = False
        self._file_engine: sa.Engine | None = None

    async def open(self) -> None:
        """Start DBOS, and take work from the queues.

        Raises:
            Misconfigured: its database cannot be opened.
        """
        global _runner  # noqa: PLW0603 - DBOS is a singleton
        if _runner is not None:
            raise RuntimeError("a process has one engine")
        _runner = self
        self._loop = asyncio.get_running_loop()
        # In a thread: DBOS then runs workflows on an event loop of its own, and leaves ours as it is.
        try:
            await asyncio.to_thread(self._launch)
        except BaseException as error:
            await finish_shielded(self.close())
            if not isinstance(error, Exception):
                raise
            raise Misconfigured(
                "The engine of queued jobs cannot be opened.",
                hint="Check FFMPEG_WORKER_DATABASE_URL and FFMPEG_WORKER_STATE_ROOT.",
                detail=f"{type(error).__name__}: {error}",
            ) from None

    def _launch(self) -> None:
        config: DBOSConfig = {
            "name": "ffmpeg-worker",
            "system_database_url": self._url,
            "executor_id": self._executor,
            "application_version": APPLICATION_VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            # Nobody waits for notifications, but the end of DBOS waits for the thread that sleeps for so long.
            "notification_listener_polling_interval_sec": 0.25,
            "scheduler_polling_interval_sec": 3600.0,
            "use_listen_notify": False,
            "sys_db_idle_transaction_timeout_sec": IDLE_TRANSACTION_S,
            "log_level": "ERROR",
            "console_log_level": "CRITICAL",
        }
        if self._url.startswith("sqlite"):
            self._file_engine = config["system_database_engine"] = _open_file(self._url)
        DBOS(config=config)
        DBOS.listen_queues([])  # our own threads do
        DBOS.launch()
        for name, limit in self._limits.items():
            if limit:
                self._take_work(name, limit)

    def _take_work(self, name: str, limit: int) -> None:
        queue = Queue(
            name, worker_concurrency=limit, polling_interval_sec=_POLL_S, token=_INTERNAL_QUEUE_CONSTRUCTION
        )
        self._wakes[name] = WakeEvent()
        thread = threading.Thread(
            target=queue_worker_thread,
            args=(self._wakes[name], _instance(), queue),
            name=f"queue-{name}",
            daemon=True,
        )
        thread.start()
        self._threads.append(thread)

    async def close(self) -> None:
        """Take no more work, and leave what runs to be started again, here or elsewhere."""
        global _runner  # noqa: PLW0603
        if _runner is not self:
            return
        self._is_closing = True
        for wake in self._wakes.values():
            wake.stop()
        await asyncio.to_thread(self._shut_down)
        _runner = None

    def _shut_down(self) -> None:
        for thread in self._threads:
            thread.join(_JOIN_S)
        DBOS.destroy(workflow_completion_timeout_sec=0)
        if self._file_engine is not None:
            self._file_engine.dispose()

    def wake(self, *, is_piece: bool | None = None) -> None:
        """Look for work now: a job or a piece of one has arrived, or its slot is free; `None`: either."""
        for name, wake in self._wakes.items():
            if is_piece is None or name == _queue_of(is_piece):
                wake.wake()

    def enqueue(self, run_id: str, job_id: str, *, priority: int, is_piece: bool = False) -> None:
        """Put a job into the queue; the same `run_id` is put there once."""
        DBOS.enqueue_workflow_with_options(
            {
                "workflow_name": _WORKFLOW,
                "queue_name": _queue_of(is_piece),
                "workflow_id": run_id,
                "priority": priority,
                "app_version": APPLICATION_VERSION,
            },
            job_id,
        )

    def cancel(self, *run_ids: str) -> None:
        """Take jobs out of the queue; one that runs is stopped by its worker, not by this."""
        if run_ids:
            DBOS.cancel_workflows(list(run_ids))

    def recover(self, executors: Sequence[str]) -> bool:
        """Put the workflows of dead workers back into the queue; returns whether none is left with them."""
        DBOS._recover_pending_workflows(list(executors))  # noqa: SLF001
        left = DBOS.list_workflows(
            status="PENDING", executor_id=list(executors), app_version=APPLICATION_VERSION, limit=1
        )
        return not left

    def find_runs(self, run_ids: Sequence[str]) -> dict[str, bool]:
        """Return which runs the queue knows, and whether they are open: they wait or run."""
        found = DBOS.list_workflows(workflow_ids=list(run_ids), load_input=False, load_output=False)
        return {run.workflow_id: run.status in {"ENQUEUED", "DELAYED", "PENDING"} for run in found}

    def forget(self, run_ids: Sequence[str]) -> None:
        """Delete the records of runs that have ended."""
        if run_ids:
            DBOS.delete_workflows(list(run_ids))

    async def run_here(self, job_id: str) -> None:
        """Run a job on the worker's event loop, and wait for it on that of DBOS."""
        if self._is_closing or self._loop is None:
            raise asyncio.CancelledError
        running = asyncio.run_coroutine_threadsafe(_await(self._run(job_id)), self._loop)
        try:
            await asyncio.wrap_future(running)
        except JobInterrupted:
            # A workflow that ends is over for good; this one must be found again by the next worker.
            await asyncio.get_running_loop().create_future()


def _open_file(url: str) -> sa.Engine:
    """Open a database file as DBOS does, but without a write to the disk for each transaction.

    Nothing is lost when a process is killed. After a power failure the last changes of the queue may be missing,
    and the file is whole: `LostJobs` finds runs that are missing, and `begin_attempt` refuses ended jobs.
    """
    engine = sa.create_engine(url)

    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "foreign_keys=ON", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    sa.event.listen(engine, "connect", set_up)
    return engine


def _queue_of(is_piece: bool) -> str:
    return PIECES_QUEUE if is_piece else JOBS_QUEUE


async def _await(work: Awaitable[None]) -> None:
    await work


def _instance() -> Any:
    from dbos._dbos import _get_dbos_instance  # noqa: PLC0415

    return _get_dbos_instance()


@DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)
async def _run_job(job_id: str) -> None:
    """Run one job; DBOS stores its id as the only argument, and no result."""
    if _runner is None:
        raise asyncio.CancelledError
    await _runner.run_here(job_id)


if not logging.getLogger("dbos").handlers:
    logging.getLogger("dbos").addHandler(logging.NullHandler())
