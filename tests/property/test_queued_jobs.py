"""Any order of what callers, workers and crashes do to a queued job keeps the promises of its record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from ffmpeg_worker.errors import JobReplaced
from ffmpeg_worker.job_queue.attempt_store import (
    begin_attempt,
    finish_job,
    give_back,
    take_from_dead,
    write_progress,
)
from ffmpeg_worker.job_queue.delivery_store import SealedCallback
from ffmpeg_worker.job_queue.job_record import FINAL, JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import (
    NewJob,
    get_job,
    insert_job,
    request_cancel,
    restart_job,
    start_new_run,
)
from ffmpeg_worker.job_queue.step_store import write_steps
from ffmpeg_worker.job_queue.tables import deliveries, metadata, steps
from support.extent import examples

WORKERS = ("worker-1", "worker-2")
ENDS = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass
class Model:
    """What is true of one job."""

    has_callback: bool
    status: JobStatus = JobStatus.QUEUED
    token: str | None = None
    worker: str | None = None
    attempts: int = 0
    retries: int = 0
    run: int = 1
    ends: int = 0
    evidence: list[str] = field(default_factory=list)
    steps: dict[str, bytes] = field(default_factory=dict)
    progress: dict[str, Any] | None = None
    tokens: list[str] = field(default_factory=list)
    ended: JobRecord | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def release(self) -> None:
        self.token = self.worker = None
        if self.status is JobStatus.RUNNING:
            self.status = JobStatus.QUEUED


SEALED = SealedCallback(b"sealed", "host", False)


class QueuedJobs(RuleBasedStateMachine):
    """Jobs in a database, and what must be true of them."""

    job = Bundle("job")

    @initialize()
    def open(self) -> None:
        self.engine = sa.create_engine("sqlite://")
        metadata.create_all(self.engine)
        self.models: dict[str, Model] = {}
        self.tokens = 0

    def teardown(self) -> None:
        self.engine.dispose()

    def do(self, work: Any, *args: Any, **more: Any) -> Any:
        with self.engine.begin() as connection:
            return work(connection, *args, **more)

    def get(self, job_id: str) -> JobRecord:
        return self.do(get_job, job_id)  # type: ignore[no-any-return]

    @rule(target=job, has_callback=st.booleans())
    def submit(self, has_callback: bool) -> str:
        job_id = f"job-{len(self.models)}"
        new = NewJob(job_id, "key-1", "probe", 50, b"b", "d", callback=SEALED if has_callback else None)
        _, is_new = self.do(insert_job, new)
        assert is_new
        _, is_new = self.do(insert_job, new)  # again, after a lost connection
        assert not is_new
        self.models[job_id] = Model(has_callback)
        return job_id

    @rule(job_id=job, worker=st.sampled_from(WORKERS))
    def begin(self, job_id: str, worker: str) -> None:
        model = self.models[job_id]
        self.tokens += 1
        token = f"token-{self.tokens}"
        attempt = self.do(begin_attempt, job_id, worker, token)
        if model.is_final or model.status is JobStatus.CANCELLING:
            assert attempt is None
            return
        assert self.do(begin_attempt, job_id, worker, token).record == attempt.record
        model.status, model.token, model.worker = JobStatus.RUNNING, token, worker
        model.attempts += 1
        model.tokens.append(token)
        model.evidence.append(worker)
        assert [entry["executor"] for entry in attempt.history] == model.evidence
        assert attempt.steps == model.steps

    @rule(job_id=job, pick=st.integers(0, 3), name=st.sampled_from(["fetch", "run"]), record=st.binary(max_size=3))
    def step(self, job_id: str, pick: int, name: str, record: bytes) -> None:
        model, token = self.models[job_id], self.pick(job_id, pick)
        if model.token is not None and token == model.token:
            self.do(write_steps, job_id, token, {name: record})
            model.steps[name] = record
        else:
            with pytest.raises(JobReplaced):
                self.do(write_steps, job_id, token, {name: record})

    @rule(job_id=job, pick=st.integers(0, 3), percent=st.integers(0, 100))
    def report(self, job_id: str, pick: int, percent: int) -> None:
        model, token = self.models[job_id], self.pick(job_id, pick)
        self.do(write_progress, {job_id: (token, {"percent": percent})})
        if token == model.token:
            model.progress = {"percent": percent}

    @rule(job_id=job)
    def cancel(self, job_id: str) -> None:
        model = self.models[job_id]
        record = self.do(request_cancel, job_id, None)
        if not model.is_final:
            model.status = JobStatus.CANCELLING
        assert record.status is model.status

    @rule(job_id=job)
    def end_cancelled(self, job_id: str) -> None:
        model = self.models[job_id]
        if model.status is JobStatus.CANCELLING and model.worker is None:
            self.end(job_id, self.do(finish_job, job_id, None, JobStatus.CANCELLED, error={"code": "cancelled"}))
        elif model.is_final or model.worker is not None:
            with pytest.raises(JobReplaced):
                self.do(finish_job, job_id, None, JobStatus.CANCELLED)

    @rule(job_id=job, pick=st.integers(0, 3), status=st.sampled_from(ENDS))
    def finish(self, job_id: str, pick: int, status: JobStatus) -> None:
        model, token = self.models[job_id], self.pick(job_id, pick)
        if token == model.token:
            self.end(job_id, self.do(finish_job, job_id, token, status, result=b"r"))
        else:
            with pytest.raises(JobReplaced):
                self.do(finish_job, job_id, token, status)

    @rule(job_id=job, pick=st.integers(0, 3))
    def give_back(self, job_id: str, pick: int) -> None:
        model, token = self.models[job_id], self.pick(job_id, pick)
        for _ in range(2):  # the second time after a lost connection
            self.do(give_back, job_id, token)
        if token == model.token:
            model.release()
            model.attempts -= 1
            model.evidence.pop()

    @rule(worker=st.sampled_from(WORKERS))
    def die(self, worker: str) -> None:
        taken = self.do(take_from_dead, [worker])
        lost = {job_id: model for job_id, model in self.models.items() if model.worker == worker}
        assert set(taken) == set(lost)
        for model in lost.values():
            model.release()

    @rule(job_id=job)
    def retry(self, job_id: str) -> None:
        model = self.models[job_id]
        before = self.do(restart_job, job_id, None)
        assert before.status is model.status
        if model.is_final:
            kept = model.has_callback, model.retries + 1, model.run + 1, model.ends, model.tokens
            self.models[job_id] = model = Model(kept[0])
            _, model.retries, model.run, model.ends, model.tokens = kept

    @rule(job_id=job)
    def lose_run(self, job_id: str) -> None:
        model = self.models[job_id]
        found = self.do(start_new_run, job_id, model.run)
        assert (found is not None) == (model.status is JobStatus.QUEUED)
        if found is not None:
            model.run += 1
            assert self.do(start_new_run, job_id, model.run - 1) is None

    def pick(self, job_id: str, number: int) -> str:
        """The newest token of a job, an older one, or one of nobody."""
        tokens = self.models[job_id].tokens
        return tokens[-1 - number] if number < len(tokens) else "of nobody"

    def end(self, job_id: str, record: JobRecord) -> None:
        model = self.models[job_id]
        model.status, model.token, model.worker, model.ended = record.status, None, None, record
        model.ends += 1
        model.steps = {}

    @invariant()
    def records_are_as_they_should_be(self) -> None:
        with self.engine.begin() as connection:
            for job_id, model in self.models.items():
                record = get_job(connection, job_id)
                assert record.status is model.status
                assert (record.attempts, record.retries, record.run) == (model.attempts, model.retries, model.run)
                assert record.progress == model.progress
                assert (record.ended_at is None) == (not model.is_final)
                if model.is_final:
                    assert record == model.ended, "an ended job does not change"
                rows = connection.execute(sa.select(steps).where(steps.c.job_id == job_id))
                assert {row.name: row.record for row in rows} == model.steps
                told = connection.execute(
                    sa.select(sa.func.count()).where(deliveries.c.job_id == job_id)
                ).scalar_one()
                assert told == (model.ends if model.has_callback else 0), "one webhook for each end"

    @invariant()
    def revisions_grow(self) -> None:
        with self.engine.begin() as connection:
            for job_id in self.models:
                now = get_job(connection, job_id)
                before = self.seen.get(job_id)
                assert before is None or before == now or before.revision < now.revision or before.run != now.run
                self.seen[job_id] = now

    @property
    def seen(self) -> dict[str, JobRecord]:
        return self.__dict__.setdefault("_seen", {})  # type: ignore[no-any-return]


QueuedJobs.TestCase.settings = settings(
    max_examples=examples(60), stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestQueuedJobs = QueuedJobs.TestCase
