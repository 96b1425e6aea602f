"""Attempts at queued jobs, with a job function of the test: how each ends, and what it leaves in the records."""

from __future__ import annotations

import asyncio
import fcntl
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa

from ffmpeg_worker.errors import (
    InvalidJob,
    JobInterrupted,
    JobReplaced,
    QueueUnavailable,
    SourceNotFound,
    WorkerError,
)
from ffmpeg_worker.job.command_log import LogChunk
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import JobEvent, Stage
from ffmpeg_worker.job_queue import cancellation_watch, job_endings, run_attempts
from ffmpeg_worker.job_queue.attempt_store import begin_attempt, finish_job, take_from_dead
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.delivery_store import SealedCallback
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import NewJob, get_job, insert_job, request_cancel
from ffmpeg_worker.job_queue.log_store import read_log
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from ffmpeg_worker.job_queue.report_writer import ReportWriter
from ffmpeg_worker.job_queue.run_attempts import AttemptRunner
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.step_store import write_steps
from ffmpeg_worker.job_queue.stored_body import pack_body
from ffmpeg_worker.job_queue.webhooks.progress_events import ProgressEvents
from ffmpeg_worker.pipeline.resources import WorkerResources

SEAL = Seal("key")
BODY = SEAL.seal(pack_body(JobBody("probe", b"{}")))
JobFunction = Callable[[QueueRuntime], Awaitable[Any]]


class Result:
    """What a job function returns."""

    def as_json(self) -> dict[str, Any]:
        return {"ok": True}


class Lab:
    """An attempt runner whose jobs do what the test says."""

    def __init__(self, database: Database, folder: Path, name: str = "me") -> None:
        async def read(_body: JobBody, _machine: Any, *, owner: str) -> Any:
            assert owner == "key-1"
            return SimpleNamespace(job=SimpleNamespace(timeout=None, data=SimpleNamespace(may_be_split=False)))

        self.database = database
        self.folders = JobFolders(folder)
        self.ended: list[JobRecord] = []
        self.reports = ReportWriter(database, lambda _ids: None, ProgressEvents(lambda: None))
        self.runs: list[str] = []
        resources = SimpleNamespace(compute=SimpleNamespace(read=read), machine=None)
        self.runner = AttemptRunner(
            cast(WorkerResources, resources),
            database,
            SEAL,
            self.folders,
            self.reports,
            name,
            default_timeout_s=60,
            max_timeout_s=60,
            on_end=lambda record, _seconds: self.ended.append(record),
            open_pieces=self.open_pieces,
        )

    async def open_pieces(self, *_attempt: Any) -> None:
        """Nobody helps."""

    async def add(self, job_id: str = "job", callback: SealedCallback | None = None) -> None:
        new = NewJob(job_id, "key-1", "probe", 50, BODY, "d", callback=callback)
        await self.database.run(partial(insert_job, job=new))

    async def get(self, job_id: str = "job") -> JobRecord:
        return await self.database.run(partial(get_job, job_id=job_id))


@pytest.fixture
async def lab(database: Database, tmp_path: Path) -> AsyncIterator[Lab]:
    made = Lab(database, tmp_path / "jobs")
    await made.add()
    yield made
    await made.reports.flush()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[JobFunction], None]:
    """Let jobs run a function of the test."""

    def install(function: JobFunction) -> None:
        monkeypatch.setattr(run_attempts, "run_job", lambda runtime, _read: function(runtime))

    return install


Use = Callable[[JobFunction], None]


class Held:
    """A job function that says when it runs, and goes on when it is let."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.runtime: QueueRuntime | None = None

    async def __call__(self, runtime: QueueRuntime) -> Any:
        self.runtime = runtime
        self.began.set()
        await self.go_on.wait()
        return Result()


async def start(lab: Lab, held: Held) -> asyncio.Task[None]:
    running = asyncio.create_task(lab.runner.run("job"))
    await asyncio.wait_for(held.began.wait(), 10)
    return running


@pytest.mark.parametrize("fails", [False, True])
async def test_whoever_sees_the_end_finds_the_whole_log(lab: Lab, use: Use, fails: bool) -> None:
    async def job(runtime: QueueRuntime) -> Any:
        await lab.reports.flush()
        runtime.log_sink(LogChunk(0, 0, "the last line\n"))
        if fails:
            raise InvalidJob("No.")
        return Result()

    use(job)
    await lab.runner.run("job")
    assert (await lab.get()).is_final
    assert [entry.text for entry in await lab.database.run(partial(read_log, job_id="job"))] == ["the last line\n"]


async def test_a_job_that_succeeds(lab: Lab, use: Use) -> None:
    async def job(runtime: QueueRuntime) -> Any:
        assert runtime.outputs_folder is not None
        runtime.outputs_folder.mkdir()
        (runtime.outputs_folder / "o.mp4").write_text("output")
        (runtime.outputs_folder.parent / "work").mkdir()
        (runtime.outputs_folder.parent / "work.lock").touch()
        runtime.observer(JobEvent(stage=Stage.RUNNING, percent=40))
        runtime.log_sink(LogChunk(0, 0, "frame=1\n"))
        return Result()

    use(job)
    await lab.runner.run("job")
    record = await lab.get()
    assert record.status is JobStatus.SUCCEEDED
    assert record.sealed_result is not None
    assert json.loads(SEAL.unseal(record.sealed_result)) == {"ok": True}
    assert (record.attempts, record.outputs_place) == (1, lab.folders.place)
    assert record.progress is not None, "the last progress is not lost with the end"
    assert lab.ended == [record]
    assert [path.name for path in lab.folders.of("job").iterdir()] == ["outputs"]
    assert lab.runner.count == 0
    await lab.reports.flush()
    (entry,) = await lab.database.run(partial(read_log, job_id="job"))
    assert (entry.attempt, entry.text) == (1, "frame=1\n")


async def test_a_job_without_outputs_leaves_no_folder(lab: Lab, use: Use) -> None:
    async def job(_runtime: QueueRuntime) -> Any:
        return Result()

    use(job)
    await lab.runner.run("job")
    assert (await lab.get()).outputs_place is None
    assert not lab.folders.outputs_of("job").parent.exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SourceNotFound("There is no file.", hint="Check it."), "source_not_found"),
        (RuntimeError("canary"), "worker_error"),
    ],
)
async def test_a_job_that_fails(lab: Lab, use: Use, error: Exception, code: str) -> None:
    async def job(_runtime: QueueRuntime) -> Any:
        raise error

    use(job)
    await lab.runner.run("job")
    record = await lab.get()
    assert record.status is JobStatus.FAILED
    assert record.error is not None
    assert (record.error["code"], record.error["job_id"]) == (code, "job")
    assert "canary" not in str(record.error)
    assert lab.ended == [record]


async def test_a_job_that_another_key_sealed_fails_clearly(lab: Lab, use: Use) -> None:
    new = NewJob("other", "key-1", "probe", 50, Seal("other").seal(b"{}"), "d")
    await lab.database.run(partial(insert_job, job=new))
    await lab.runner.run("other")
    error = (await lab.get("other")).error
    assert error is not None
    assert "another key" in error["error"]


async def test_a_running_job_is_cancelled_once(lab: Lab, use: Use) -> None:
    held = Held()
    stopped = asyncio.Event()

    async def job(runtime: QueueRuntime) -> Any:
        try:
            return await held(runtime)
        except asyncio.CancelledError:
            await stopped.wait()  # its programs end
            raise

    use(job)
    running = await start(lab, held)
    await lab.database.run(partial(request_cancel, job_id="job", owner=None))
    lab.runner.cancel("job")
    await asyncio.sleep(0)
    lab.runner.cancel("job")  # a second time, while its programs end
    lab.runner.cancel("unknown")
    await asyncio.sleep(0)
    assert (await lab.get()).status is JobStatus.CANCELLING
    stopped.set()
    await running
    record = await lab.get()
    assert record.status is JobStatus.CANCELLED
    assert record.error is not None
    assert record.error["code"] == "cancelled"
    assert lab.ended == [record]


async def test_a_job_that_was_cancelled_elsewhere_is_found(
    lab: Lab, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancellation_watch, "_LOOK_S", 0.02)
    held = Held()
    use(held)
    running = await start(lab, held)
    await lab.database.run(partial(request_cancel, job_id="job", owner=None))
    await asyncio.wait_for(running, 10)
    assert (await lab.get()).status is JobStatus.CANCELLED


async def test_a_job_that_was_cancelled_before_its_begin_ends(lab: Lab, use: Use) -> None:
    held = Held()
    use(held)
    await lab.database.run(partial(request_cancel, job_id="job", owner=None))
    await lab.runner.run("job")
    assert (await lab.get()).status is JobStatus.CANCELLED
    assert not held.began.is_set()


async def test_a_late_entry_of_the_queue_does_not_touch_a_job(lab: Lab) -> None:
    """Its job runs elsewhere, or waits again, when `run` has been told that it may not begin."""
    await lab.database.run(partial(begin_attempt, job_id="job", executor="other", token="o"))
    assert not await lab.runner.endings.end_cancelling("job")
    assert (await lab.get()).status is JobStatus.RUNNING
    await lab.database.run(partial(take_from_dead, executors=["other"]))
    assert not await lab.runner.endings.end_cancelling("job")
    assert (await lab.get()).status is JobStatus.QUEUED


async def test_a_job_ends_within_the_grace_time(lab: Lab, use: Use) -> None:
    held = Held()
    use(held)
    running = await start(lab, held)
    closing = asyncio.create_task(lab.runner.close(60))
    await asyncio.sleep(0)
    with pytest.raises(JobInterrupted):
        await lab.runner.run("job")
    held.go_on.set()
    await closing
    await running
    assert (await lab.get()).status is JobStatus.SUCCEEDED


async def test_a_job_beyond_the_grace_time_is_given_back(lab: Lab, use: Use) -> None:
    held = Held()

    async def job(runtime: QueueRuntime) -> Any:
        async def fetch() -> list[int]:
            return [1]

        await runtime.step("fetch", list[int], fetch)
        return await held(runtime)

    use(job)
    running = await start(lab, held)
    await lab.runner.close(0)
    with pytest.raises(JobInterrupted):
        await running
    record = await lab.get()
    assert (record.status, record.attempts) == (JobStatus.QUEUED, 0)
    assert lab.ended == []
    assert held.runtime is not None
    assert await held.runtime.keeps_outputs()
    again = await lab.database.run(partial(begin_attempt, job_id="job", executor="next", token="n"))
    assert again is not None
    assert list(again.steps) == ["fetch"], "a short step is written for the next attempt"


async def test_an_attempt_that_begins_while_the_worker_closes_is_given_back(
    lab: Lab, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    use(held)
    closing: list[asyncio.Task[None]] = []
    begin = begin_attempt
    loop = asyncio.get_running_loop()

    def begin_while_closing(connection: sa.Connection, **more: Any) -> Any:
        asyncio.run_coroutine_threadsafe(start_closing(), loop).result(10)
        return begin(connection, **more)

    async def start_closing() -> None:
        closing.append(asyncio.create_task(lab.runner.close(0)))
        await asyncio.sleep(0)

    monkeypatch.setattr(run_attempts, "begin_attempt", begin_while_closing)
    with pytest.raises(JobInterrupted):
        await asyncio.create_task(lab.runner.run("job"))
    await asyncio.wait_for(closing[0], 10)
    record = await lab.get()
    assert (record.status, record.attempts) == (JobStatus.QUEUED, 0)
    assert not held.began.is_set()


async def test_a_job_that_ended_its_worker_three_times_is_poisoned(lab: Lab, use: Use) -> None:
    held = Held()
    use(held)
    for number in range(3):
        begin = partial(begin_attempt, job_id="job", executor=f"worker-{number}", token=str(number))
        await lab.database.run(begin)
        await lab.database.run(partial(take_from_dead, executors=[f"worker-{number}"]))
    await lab.runner.run("job")
    record = await lab.get()
    assert record.status is JobStatus.FAILED
    assert record.error is not None
    assert record.error["code"] == "job_poisoned"
    assert [line.split()[2].rstrip(":") for line in record.error["stderr"].splitlines()] == [
        "worker-0",
        "worker-1",
        "worker-2",
    ]
    assert not held.began.is_set()


async def test_the_third_attempt_still_runs(lab: Lab, use: Use) -> None:
    async def job(_runtime: QueueRuntime) -> Any:
        return Result()

    use(job)
    for number in range(2):
        await lab.database.run(partial(begin_attempt, job_id="job", executor="gone", token=str(number)))
        await lab.database.run(partial(take_from_dead, executors=["gone"]))
    await lab.runner.run("job")
    record = await lab.get()
    assert (record.status, record.attempts) == (JobStatus.SUCCEEDED, 3)


async def replace(lab: Lab) -> None:
    await lab.database.run(partial(begin_attempt, job_id="job", executor="other", token="other"))


@pytest.mark.parametrize("end", ["succeeds", "fails", "is told"])
async def test_a_replaced_attempt_writes_nothing_and_leaves_the_files(lab: Lab, use: Use, end: str) -> None:
    held = Held()

    async def job(runtime: QueueRuntime) -> Any:
        result = await held(runtime)
        if end == "fails":
            raise SourceNotFound("There is no file.")
        if end == "is told":
            raise JobReplaced("Another worker runs this job now.")
        return result

    use(job)
    running = await start(lab, held)
    await replace(lab)
    folder = lab.folders.of("job")
    for name in ("work", "work-1"):
        (folder / name).mkdir()
        (folder / f"{name}.lock").touch()
    with (folder / "work-1.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held.go_on.set()
        await running
    record = await lab.get()
    assert (record.status, record.attempts) == (JobStatus.RUNNING, 2)
    assert lab.ended == []
    assert sorted(path.name for path in folder.iterdir()) == ["work-1", "work-1.lock"], "of the other attempt"


async def test_a_replaced_attempt_leaves_the_files_for_the_next_one(lab: Lab, use: Use) -> None:
    held = Held()
    use(held)
    running = await start(lab, held)
    await lab.database.run(partial(take_from_dead, executors=["me"]))
    folder = lab.folders.of("job")
    (folder / "work").mkdir()
    (folder / "work.lock").touch()
    held.go_on.set()
    await running
    assert (await lab.get()).status is JobStatus.QUEUED
    assert (folder / "work").exists()


async def test_a_replaced_attempt_of_a_job_that_has_ended_removes_the_files(lab: Lab, use: Use) -> None:
    held = Held()
    use(held)
    running = await start(lab, held)
    await replace(lab)
    finish = partial(finish_job, job_id="job", token="other", status=JobStatus.SUCCEEDED)
    ended = await lab.database.run(finish)
    (lab.folders.of("job") / "work").mkdir()
    (lab.folders.of("job") / "work.lock").touch()
    held.go_on.set()
    await running
    assert await lab.get() == ended
    assert not (lab.folders.outputs_of("job").parent).exists()


async def test_the_end_is_stored_when_the_database_is_back(
    lab: Lab, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def job(_runtime: QueueRuntime) -> Any:
        return Result()

    use(job)
    finish, tries = finish_job, []

    def finish_at_third(connection: sa.Connection, **more: Any) -> Any:
        tries.append(more["status"])
        if len(tries) < 3:
            raise QueueUnavailable("Away.")
        return finish(connection, **more)

    monkeypatch.setattr(job_endings, "finish_job", finish_at_third)
    await lab.runner.run("job")
    assert (await lab.get()).status is JobStatus.SUCCEEDED
    assert len(tries) == 3


async def test_a_worker_that_closes_does_not_wait_for_a_database_that_is_away(
    lab: Lab, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    use(held)
    running = await start(lab, held)

    def away(_connection: sa.Connection, **_more: Any) -> Any:
        raise QueueUnavailable("Away.")

    monkeypatch.setattr(job_endings, "finish_job", away)
    monkeypatch.setattr(job_endings, "give_back", away)
    closing = asyncio.create_task(lab.runner.close(60))
    await asyncio.sleep(0)
    held.go_on.set()
    await asyncio.wait_for(asyncio.gather(closing, running), 10)
    assert (await lab.get()).status is JobStatus.RUNNING, "the next worker takes it over"


async def test_a_later_attempt_finds_the_steps(lab: Lab, use: Use) -> None:
    await lab.database.run(partial(begin_attempt, job_id="job", executor="gone", token="g"))
    record = SEAL.seal(b'{"result":[7]}')
    await lab.database.run(partial(write_steps, job_id="job", token="g", records={"fetch": record}))
    await lab.database.run(partial(take_from_dead, executors=["gone"]))
    found: list[list[int]] = []

    async def job(runtime: QueueRuntime) -> Any:
        async def fetch() -> list[int]:
            raise AssertionError("it has a record")

        found.append(await runtime.step("fetch", list[int], fetch))
        return Result()

    use(job)
    await lab.runner.run("job")
    assert found == [[7]]


async def test_a_full_disk_is_no_fault_of_the_worker(lab: Lab, use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    use(Held())

    def full(_path: Path, **_more: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ffmpeg_worker.job_queue.job_folders.Path.mkdir", full)
    await lab.runner.run("job")
    error = (await lab.get()).error
    assert error is not None
    assert (error["code"], error["retryable"]) == ("disk_full", True)


async def test_an_end_that_is_known_is_not_an_error_of_the_worker(lab: Lab, use: Use) -> None:
    """A job that is unknown, as after its removal, ends quietly."""
    await lab.database.run(lambda db: db.exec_driver_sql("DELETE FROM ffw_jobs"))
    with pytest.raises(WorkerError):
        await lab.runner.endings.end_cancelling("job")
    use(Held())
    await lab.runner.run("job")
    assert lab.ended == []
