"""`/health`: status, details, and what works on the GPU."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.health_report import Health
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.pipeline.resources import WorkerResources
from support.servers.asgi_client import request
from support.servers.fake_services import FakeServices, make_fake_services


async def test_a_worker_that_takes_jobs() -> None:
    services = make_fake_services()
    services.admission.active_by_owner["anonymous"] = 2
    reply = await request(make_app(services), "GET", "/health")
    assert reply.status == 200
    report = Health.model_validate(reply.json(), strict=True, extra="forbid")
    assert report.model_dump(exclude_none=True) == reply.json()
    assert (report.status, report.version, report.probe, report.active_jobs) == ("ok", "1.2.3", "pyav", 2)


def with_gpu(services: FakeServices, known: Gpu | None) -> FakeServices:
    """The same worker with a GPU, or one whose test has not ended."""
    trial = SimpleNamespace(known=known, begin=lambda: None)
    services.resources = cast(WorkerResources, SimpleNamespace(**{**vars(services.resources), "gpu": trial}))
    return services


async def read_health(services: FakeServices) -> Any:
    return (await request(make_app(services), "GET", "/health")).json()


async def test_gpu_encoders_are_listed_once_they_have_been_tested() -> None:
    services = with_gpu(make_fake_services(), None)
    report = await read_health(services)
    assert report["capabilities"]["main_encoders"] == ["libx264", "aac"]
    assert "gpu" not in report
    report = await read_health(
        with_gpu(services, Gpu(1, "NVIDIA L4", frozenset({"h264_nvenc"}), frozenset({"h264"})))
    )
    assert report["capabilities"]["main_encoders"] == ["libx264", "aac", "h264_nvenc"]
    assert report["gpu"] == {"count": 1, "name": "NVIDIA L4", "encoders": ["h264_nvenc"], "decoders": ["h264"]}


@pytest.mark.parametrize(("path", "source"), [(None, "embedded"), ("system", "system"), ("/opt/ffmpeg", "custom")])
async def test_where_the_ffmpeg_comes_from(path: str | None, source: str) -> None:
    assert (await read_health(make_fake_services(ffmpeg_path=path)))["ffmpeg"] == {
        "version": "9.9",
        "source": source,
    }


async def test_a_machine_without_a_gpu_says_so_at_once() -> None:
    reply = await request(make_app(make_fake_services()), "GET", "/health")
    reason = "There is no NVIDIA GPU: no /dev/nvidia0."
    assert reply.json()["gpu"] == {"count": 0, "encoders": [], "decoders": [], "reason": reason}


async def test_a_worker_that_closes() -> None:
    services = make_fake_services()
    services.admission.closing.set()
    reply = await request(make_app(services), "GET", "/health")
    assert (reply.status, reply.json()["status"]) == (503, "closing")
    assert "retry-after" in reply.headers


async def test_health_answers_head() -> None:
    assert (await request(make_app(make_fake_services()), "HEAD", "/health")).status == 200
