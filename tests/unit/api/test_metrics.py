"""`/metrics`: counters of jobs and requests."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from ffmpeg_worker.api.app import make_app
from support.servers.asgi_client import post_json, request
from support.servers.fake_services import make_fake_services

JOB = {"chainCmds": "-i a.mp4 b.mp4"}


async def test_metrics_count_jobs_and_requests() -> None:
    services = make_fake_services()
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


async def test_two_apps_do_not_share_their_counters() -> None:
    first, second = make_app(make_fake_services()), make_app(make_fake_services())
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
