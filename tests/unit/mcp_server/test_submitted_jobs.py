"""Jobs that go on after their call: states, and how many are kept."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any, cast

import pytest

from ffmpeg_worker.errors import JobNotFound
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import JobEvent, Stage, ignore_event
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.mcp_server import submitted_jobs
from ffmpeg_worker.mcp_server.submitted_jobs import SubmittedJobs
from ffmpeg_worker.services import Services

BODY = JobBody("probe", b"{}")


class _Services:
    """Runs jobs that end when the test says so."""

    def __init__(self) -> None:
        self.admission = self
        self.end = asyncio.Event()
        self.failure: Exception | None = None

    def admit(self) -> Any:
        return nullcontext()

    async def run(self, _body: JobBody, *, observer: Any, **_more: Any) -> JobResult:
        observer(JobEvent(Stage.RUNNING, 10.0))
        await self.end.wait()
        if self.failure is not None:
            raise self.failure
        return JobResult(warnings=("done",))


def make(services: _Services) -> SubmittedJobs:
    return SubmittedJobs(cast("Services", services))


async def test_a_job_is_queued_running_and_succeeded() -> None:
    services = _Services()
    jobs = make(services)
    job = jobs.submit(BODY, "probe")
    assert job.as_json() == {"job_id": job.job_id, "action": "probe", "status": "queued"}
    seen: list[JobEvent] = []
    await jobs.wait(job, 0.01, seen.append)
    assert (job.status.value, [event.percent for event in seen]) == ("running", [10.0])
    services.end.set()
    await jobs.wait(job, 5, ignore_event)
    assert (job.status.value, job.as_json()["result"]) == ("succeeded", {"warnings": ["done"]})


async def test_a_job_that_is_cancelled_before_it_begins_is_cancelled() -> None:
    jobs = make(_Services())
    job = jobs.submit(BODY, "probe")
    await jobs.cancel(job.job_id)
    assert (job.status.value, job.as_json()["error"]["code"]) == ("cancelled", "cancelled")


async def test_a_defect_is_an_error_without_its_text() -> None:
    services = _Services()
    services.failure, jobs = ValueError("s3cret"), make(services)
    services.end.set()
    job = jobs.submit(BODY, "probe")
    await jobs.wait(job, 5, ignore_event)
    assert job.status.value == "failed"
    assert "s3cret" not in str(job.as_json())


async def test_the_oldest_ended_jobs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitted_jobs, "MAX_ENDED", 2)
    services = _Services()
    jobs = make(services)
    services.end.set()
    sent = []
    for _ in range(4):
        sent.append(jobs.submit(BODY, "probe"))
        await jobs.wait(sent[-1], 5, ignore_event)
    running = jobs.submit(BODY, "probe")
    assert [jobs.get(job.job_id) for job in (*sent[2:], running)] == [*sent[2:], running]
    with pytest.raises(JobNotFound):
        jobs.get(sent[0].job_id)
    await jobs.close()
