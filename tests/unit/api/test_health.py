"""`/health`, `/metrics`, and what is logged of a request."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.health import Health
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.logs import configure_logging
from support.servers.asgi_client import post_json, request
from support.servers.fake_services import stand_in_services
from support.wait_until import until_async

JOB = {"chainCmds": "-i a.mp4 b.mp4", "metadata": {"password": "hunter2"}}


async def test_a_worker_that_takes_jobs() -> None:
    services = stand_in_services()
    services.admission.active_jobs = 2
    reply = await request(make_app(services), "GET", "/health")
    assert reply.status == 200
    report = Health.model_validate(reply.json(), strict=True, extra="forbid")
    assert report.model_dump(exclude_none=True) == reply.json()
    assert (report.status, report.version, report.probe, report.active_jobs) == ("ok", "1.2.3", "pyav", 2)


async def test_encoders_of_the_hardware_join_once_they_have_been_tried() -> None:
    app = make_app(stand_in_services())

    async def main_encoders() -> list[str]:
        reply = await request(app, "GET", "/health")
        found: list[str] = reply.json()["capabilities"]["main_encoders"]
        return found

    assert (await main_encoders())[:2] == ["libx264", "aac"]
    await until_async(app.state.door.encoders._trial.done)
    assert await main_encoders() == ["libx264", "aac", "h264_nvenc"]


async def test_a_machine_without_a_card_says_so_at_once() -> None:
    reply = await request(make_app(stand_in_services()), "GET", "/health")
    reason = "There is no NVIDIA GPU: no /dev/nvidia0."
    assert reply.json()["gpu"] == {"count": 0, "encoders": [], "decoders": [], "reason": reason}


async def test_a_worker_that_closes() -> None:
    services = stand_in_services()
    services.admission.is_closing = True
    reply = await request(make_app(services), "GET", "/health")
    assert (reply.status, reply.json()["status"]) == (503, "closing")
    assert "retry-after" in reply.headers


async def test_a_worker_that_starts() -> None:
    reply = await request(make_app(stand_in_services().settings), "GET", "/health")
    assert (reply.status, reply.json()) == (503, {"status": "starting"})


async def test_health_answers_head() -> None:
    assert (await request(make_app(stand_in_services()), "HEAD", "/health")).status == 200


async def test_metrics_count_jobs_and_requests() -> None:
    services = stand_in_services()
    services.counters.by_outcome[("process", "succeeded")] = 3
    services.counters.seconds["process"] = 4.5
    services.admission.active_jobs = 1
    app = make_app(services)
    await post_json(app, "/api/ffmpeg/process", JOB)
    for path in ("/wp-admin", "/.env"):
        await request(app, "GET", path)
    await request(app, "BREW", "/health")
    samples = await read_metrics(app)
    assert samples[("ffmpeg_worker_jobs_total", ("process", "succeeded"))] == 3
    assert samples[("ffmpeg_worker_job_seconds_total", ("process",))] == 4.5
    assert samples[("ffmpeg_worker_active_jobs", ())] == 1
    assert samples[("ffmpeg_worker_build", ("9.9", "1.2.3"))] == 1
    assert samples[("ffmpeg_worker_media_bytes_total", ("in",))] == 70
    assert samples[("ffmpeg_worker_media_bytes_total", ("out",))] == 30
    count = "ffmpeg_worker_http_request_seconds_count"
    assert samples[(count, ("POST", "/api/ffmpeg/process", "200"))] == 1
    assert samples[(count, ("GET", "other", "404"))] == 2
    assert [key for key in samples if key[0] == count and key[1][0] == "other"]


async def test_two_apps_do_not_share_their_numbers() -> None:
    first, second = make_app(stand_in_services()), make_app(stand_in_services())
    await post_json(first, "/api/ffmpeg/process", JOB)
    assert ("ffmpeg_worker_media_bytes_total", ("in",)) not in await read_metrics(second)


async def read_metrics(app: Any) -> dict[tuple[str, tuple[str, ...]], float]:
    reply = await request(app, "GET", "/metrics")
    assert reply.status == 200
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    logger = logging.getLogger("ffmpeg_worker")
    before = (logger.handlers[:], logger.level, logger.propagate)
    stream = io.StringIO()
    configure_logging("DEBUG", stream)
    yield stream
    logger.handlers[:], logger.level, logger.propagate = before


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_one_line_for_a_request(log: io.StringIO) -> None:
    reply = await post_json(
        make_app(stand_in_services()),
        "/api/ffmpeg/process?token=hunter2",
        JOB,
        headers=[("authorization", "Bearer hunter2")],
    )
    [line] = lines(log)
    assert line.pop("time")
    assert 0 <= line.pop("seconds") < 5
    assert line == {
        "level": "info",
        "event": "request",
        "job_id": reply.headers["x-job-id"],
        "method": "POST",
        "path": "/api/ffmpeg/process",
        "status": 200,
        "bytes_in": len(json.dumps(JOB)),
        "bytes_out": len(reply.body),
        "media_bytes_in": 70,
        "media_bytes_out": 30,
    }


async def test_the_line_of_a_failure_has_what_the_caller_does_not_see(log: io.StringIO) -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        raise WorkerError("Sorry.", detail="errno 5 on /dev/sda")

    reply = await post_json(make_app(stand_in_services(run)), "/api/ffmpeg/process", JOB)
    [line] = lines(log)
    assert (line["status"], line["code"], line["fault"]) == (500, "worker_error", "worker")
    assert line["detail"] == "errno 5 on /dev/sda"
    assert b"errno" not in reply.body


async def test_the_traceback_of_an_unexpected_error_is_logged(log: io.StringIO) -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        raise RuntimeError("oops")

    reply = await post_json(make_app(stand_in_services(run)), "/api/ffmpeg/process", JOB)
    unexpected, line = lines(log)
    assert "RuntimeError: oops" in unexpected["traceback"]
    assert unexpected["job_id"] == line["job_id"] == reply.headers["x-job-id"]


async def test_polls_are_logged_quietly(log: io.StringIO) -> None:
    await request(make_app(stand_in_services()), "GET", "/health")
    assert [line["level"] for line in lines(log)] == ["debug"]
