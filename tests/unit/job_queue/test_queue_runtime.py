"""Steps of queued jobs: what is recorded, what is repeated, and what a replaced attempt may not do."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import sqlalchemy as sa

from ffmpeg_worker.errors import (
    EngineTimedOut,
    InvalidJob,
    JobReplaced,
    SourceNotFound,
    SourceUnreachable,
    WorkerError,
)
from ffmpeg_worker.job.command_log import ignore_log
from ffmpeg_worker.job.lifecycle import ignore_event
from ffmpeg_worker.job_queue.attempt_store import begin_attempt
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_store import NewJob, insert_job
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.step_records import StepRecords
from ffmpeg_worker.job_queue.tables import steps
from ffmpeg_worker.logs import redact_var
from ffmpeg_worker.pipeline.resources import WorkerResources

SEAL = Seal("key")
JOB = NewJob("job", "key-1", "probe", 50, b"", "")


@dataclass(frozen=True)
class Facts:
    """A result of a step."""

    name: str
    size: int


FACTS = Facts("canary.mp4", 7)


class Step:
    """Work that counts its runs."""

    def __init__(self, *outcomes: Facts | Exception) -> None:
        self.outcomes = list(outcomes)
        self.runs = 0

    async def __call__(self) -> Facts:
        outcome = self.outcomes[min(self.runs, len(self.outcomes) - 1)]
        self.runs += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def begin(database: Database, folder: Path, token: str, timeout_s: float = 60) -> QueueRuntime:
    """Begin an attempt with this token."""
    await database.run(partial(insert_job, job=JOB))
    attempt = await database.run(partial(begin_attempt, job_id="job", executor="worker", token=token))
    assert attempt is not None
    return QueueRuntime(
        cast(WorkerResources, SimpleNamespace()),
        "job",
        "key-1",
        timeout_s=timeout_s,
        folder=folder,
        observer=ignore_event,
        log_sink=ignore_log,
        seal=SEAL,
        records=StepRecords(database, "job", token, attempt.steps),
    )


async def stored(database: Database) -> dict[str, bytes]:
    rows = await database.run(lambda db: db.execute(sa.select(steps)).all())
    return {row.name: row.record for row in rows}


async def test_a_step_that_has_a_result_does_not_run_again(database: Database, tmp_path: Path) -> None:
    step = Step(FACTS)
    for token in ("first", "second"):
        runtime = await begin(database, tmp_path, token)
        assert await runtime.step("fetch", Facts, step, has_effects=True) == FACTS
        assert await runtime.step("fetch", Facts, step, has_effects=True) == FACTS
    assert step.runs == 1


async def test_records_are_sealed(database: Database, tmp_path: Path) -> None:
    runtime = await begin(database, tmp_path, "t")
    await runtime.step("fetch", Facts, Step(FACTS), has_effects=True)
    (record,) = (await stored(database)).values()
    assert b"canary" not in record
    assert b"canary" in SEAL.unseal(record)


async def test_a_record_that_holds_no_more_is_replaced(database: Database, tmp_path: Path) -> None:
    step = Step(FACTS, Facts("b.mp4", 8))
    runtime = await begin(database, tmp_path, "first")
    await runtime.step("fetch", Facts, step, has_effects=True)
    runtime = await begin(database, tmp_path, "second")
    found = await runtime.step("fetch", Facts, step, is_usable=lambda facts: facts != FACTS, has_effects=True)
    assert (found, step.runs) == (Facts("b.mp4", 8), 2)
    runtime = await begin(database, tmp_path, "third")
    assert await runtime.step("fetch", Facts, step) == Facts("b.mp4", 8)


@pytest.mark.parametrize("kind", [SourceNotFound, InvalidJob])
async def test_problems_that_stay_are_recorded(
    database: Database, tmp_path: Path, kind: type[WorkerError]
) -> None:
    step = Step(kind("It is bad.", hint="Mend it.", where={"field": "input"}, stderr="log", detail="private"))
    for token in ("first", "second"):
        runtime = await begin(database, tmp_path, token)
        with pytest.raises(kind) as caught:
            await runtime.step("fetch", Facts, step)
        error = caught.value
        assert (error.message, error.hint, error.where, error.stderr) == (
            "It is bad.",
            "Mend it.",
            {"field": "input"},
            "log",
        )
        assert (error.code, error.retryable) == (kind.code, False)
    assert step.runs == 1


@pytest.mark.parametrize("error", [SourceUnreachable("Away."), EngineTimedOut("Too long."), RuntimeError("bug")])
async def test_problems_that_may_pass_are_not_recorded(
    database: Database, tmp_path: Path, error: Exception
) -> None:
    step = Step(error, FACTS)
    runtime = await begin(database, tmp_path, "first")
    with pytest.raises(type(error)):
        await runtime.step("fetch", Facts, step, has_effects=True)
    assert await stored(database) == {}
    assert await runtime.step("fetch", Facts, step) == FACTS


async def test_secrets_are_not_in_recorded_problems(database: Database, tmp_path: Path) -> None:
    runtime = await begin(database, tmp_path, "t")
    reset = redact_var.set(lambda text: text.replace("canary", "REDACTED"))
    error = SourceNotFound("No canary.", hint="canary?", stderr="key=canary")
    try:
        with pytest.raises(SourceNotFound) as caught:
            await runtime.step("fetch", Facts, Step(error))
    finally:
        redact_var.reset(reset)
    assert caught.value is error
    assert error.message == "No canary.", "the attempt's own error is redacted by who reports it"
    record = SEAL.unseal((await stored(database))["fetch"])
    assert b"canary" not in record
    assert record.count(b"REDACTED") == 3


async def test_the_time_of_the_job_ends_a_step(database: Database, tmp_path: Path) -> None:
    runtime = await begin(database, tmp_path, "t", timeout_s=-1)

    async def forever() -> Facts:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(EngineTimedOut, match="fetching"):
        await runtime.step("fetch", Facts, forever, doing="fetching")
    assert await stored(database) == {}


async def test_a_replaced_attempt_records_nothing(database: Database, tmp_path: Path) -> None:
    old = await begin(database, tmp_path, "old")
    await begin(database, tmp_path, "new")
    assert await old.keeps_outputs()
    with pytest.raises(JobReplaced):
        await old.step("upload", Facts, Step(FACTS), has_effects=True)
    assert await stored(database) == {}


async def test_a_replaced_attempt_begins_no_step(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two seconds without a write it asks, as one does that was stopped for a while."""
    old = await begin(database, tmp_path, "old")
    new = await begin(database, tmp_path, "new")
    now = time.monotonic() + 3
    monkeypatch.setattr("ffmpeg_worker.job_queue.step_records.time.monotonic", lambda: now)
    step = Step(FACTS)
    with pytest.raises(JobReplaced):
        await old.step("upload", Facts, step)
    assert step.runs == 0
    assert await new.step("upload", Facts, step) == FACTS


async def test_outputs_of_an_attempt_that_goes_on_elsewhere_stay(database: Database, tmp_path: Path) -> None:
    runtime = await begin(database, tmp_path, "t")
    assert not await runtime.keeps_outputs()
    runtime.is_given_back = True
    assert await runtime.keeps_outputs()
