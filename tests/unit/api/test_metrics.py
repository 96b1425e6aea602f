"""`/metrics`: counters of jobs and requests."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.loop_monitor import LoopMonitor
from ffmpeg_worker.owners import label_key
from support.servers.asgi_client import post_json, request
from support.servers.fake_services import make_fake_services

JOB = {"chainCmds": "-i a.mp4 b.mp4"}


async def test_metrics_count_jobs_and_requests() -> None:
    services = make_fake_services()
    services.counters.by_outcome[("process", "succeeded")] = 3
    services.counters.seconds["process"] = 4.5
    services.admission.active_by_owner["anonymous"] = 1
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


async def test_metrics_show_the_turns_of_the_event_loop() -> None:
    monitor = LoopMonitor()
    monitor.counts[:3], monitor.counts[-1], monitor.total_s = [5, 1, 2], 1, 20.5
    samples = await read_metrics(make_app(make_fake_services(), monitor))
    name = "ffmpeg_worker_event_loop_turn_seconds"
    assert [samples[(f"{name}_bucket", (limit,))] for limit in ("0.005", "0.01", "0.025", "10.0", "+Inf")] == [
        *(5, 6, 8),
        *(8, 9),
    ]
    assert (samples[(f"{name}_count", ())], samples[(f"{name}_sum", ())]) == (9, 20.5)


async def test_two_apps_do_not_share_their_counters() -> None:
    first, second = make_app(make_fake_services()), make_app(make_fake_services())
    await post_json(first, "/api/ffmpeg/process", JOB)
    assert ("ffmpeg_worker_media_bytes_total", ("in",)) not in await read_metrics(second)


async def test_what_each_key_has_is_named_by_its_label() -> None:
    keys, first = "first-key,second-key", [("authorization", "Bearer first-key")]
    services = make_fake_services(api_keys=keys)
    await services.admission.slots.acquire(label_key("first-key"), "job")
    services.resources.scratch.usage.add(label_key("second-key"), 7)
    app = make_app(services)
    with services.admission.admit(label_key("first-key")):
        reply = await request(app, "GET", "/metrics", headers=first)
    text = reply.body.decode()
    one, other = label_key("first-key"), label_key("second-key")
    assert f'ffmpeg_worker_key_active_jobs{{key="{one}"}} 1.0' in text
    assert f'ffmpeg_worker_key_slots{{key="{one}"}} 1.0' in text
    assert f'ffmpeg_worker_key_open_requests{{key="{one}"}} 1.0' in text
    assert f'ffmpeg_worker_key_scratch_bytes{{key="{other}"}} 7.0' in text
    assert "first-key" not in text


async def read_metrics(app: Any) -> dict[tuple[str, tuple[str, ...]], float]:
    reply = await request(app, "GET", "/metrics")
    assert reply.status == 200
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }
