"""Both clients on a RunPod endpoint: its states, its refusals, and what it does not have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.client import ApiError, JobCancelled, JobFailed
from ffmpeg_worker.client.runpod_door import make_request
from ffmpeg_worker.client.runpod_endpoint import endpoint_url
from ffmpeg_worker.client.runpod_state import read_state
from support.client_kinds import KINDS, Caller, Kind
from support.servers.fake_runpod import FakeRunpod, open_fake_runpod

DETAILS = {"error": "No.", "code": "encoder_unknown", "fault": "caller", "retryable": False, "hint": "Try."}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(*_: object) -> None:
        return

    for kind in ("aiohttp_transport.AiohttpTransport", "blocking_transport.BlockingTransport"):
        monkeypatch.setattr(f"ffmpeg_worker.client.{kind}.sleep", sleep)


@pytest_asyncio.fixture
async def platform() -> AsyncIterator[FakeRunpod]:
    async with open_fake_runpod() as standing_in:
        yield standing_in


@pytest.fixture(params=KINDS, ids=str)
def client(request: pytest.FixtureRequest, platform: FakeRunpod) -> Caller:
    kind: Kind = request.param
    return kind.open_runpod("endpoint", api_key="the-key", base_url=f"{platform.url}/v2")


async def test_a_job_is_sent_with_its_webhook_beside_it_and_followed(client: Caller, platform: FakeRunpod) -> None:
    job = await client.call("submit", "probe", {"input": "a"}, webhook="https://h", metadata={"order": 1})
    sent = platform.jobs[job.id]
    asked = {"action": "probe", "data": {"input": "a"}, "metadata": {"order": 1}}
    assert sent.job == {"id": job.id, "input": asked, "webhook": "https://h"}
    assert (job.status, platform.client_keys) == ("queued", {"Bearer the-key"})

    def go_on(event: Any) -> None:
        """What a worker does next."""
        if sent.status == "IN_QUEUE":
            sent.status = "IN_PROGRESS"
        elif not sent.progress:
            sent.progress.append({"progress": {"stage": "running", "percent": 40, "eta_s": 2}})
        else:
            sent.result = {"output": {"success": True, "result": {"format": {}}}}
            sent.end("COMPLETED")

    events = await client.list("watch", job, see=go_on)
    assert [event.type for event in events] == ["status", "status", "progress", "end"]
    assert (events[2].progress.percent, events[2].progress.eta_s) == (40.0, 2.0)
    assert await client.call("wait", job) == {"format": {}}


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        ({"status": "FAILED", "error": "No.", "output": {"details": DETAILS}}, "failed", "encoder_unknown"),
        ({"status": "FAILED", "error": "it crashed"}, "failed", "worker_error"),
        ({"status": "FAILED", "error": {"a": 1}}, "failed", "worker_error"),
        ({"status": "TIMED_OUT"}, "failed", "timed_out"),
        ({"status": "CANCELLED"}, "cancelled", "cancelled"),
        ({"status": "COMPLETED", "output": "of another worker"}, "failed", "api_bad_answer"),
        ({"status": "COMPLETED"}, "failed", "api_bad_answer"),
    ],
)
def test_states_of_jobs_without_a_result(state: dict[str, Any], status: str, code: str) -> None:
    job = read_state(state, "j1")
    assert (job.status, job.is_final) == (status, True)
    with pytest.raises(JobCancelled if status == "cancelled" else JobFailed) as caught:
        job.read_result()
    assert (caught.value.code, caught.value.job_id) == (code, "j1")
    assert caught.value.message


def test_a_state_that_nobody_knows() -> None:
    for state in ({}, {"status": "DREAMING"}):
        with pytest.raises(ApiError) as caught:
            read_state(state, "j1")
        assert caught.value.code == "api_bad_answer"


@pytest.mark.parametrize(
    ("job", "request_body"),
    [
        ({"action": "probe", "data": {}}, {"input": {"action": "probe", "data": {}}}),
        ({"input": {"action": "probe"}, "policy": {}}, {"input": {"action": "probe"}, "policy": {}}),
        ({"action": "x", "policy": {"ttl": 1}}, {"input": {"action": "x"}, "policy": {"ttl": 1}}),
        ({"action": "x", "webhook": "https://h"}, {"input": {"action": "x"}, "webhook": "https://h"}),
    ],
)
def test_the_body_of_run(job: dict[str, Any], request_body: dict[str, Any]) -> None:
    assert make_request(job) == request_body


def test_the_url_of_an_endpoint() -> None:
    urls = [endpoint_url(base, "e1") for base in ("http://h/v2", "http://h/v2/", "http://h/v2/e1")]
    assert urls == ["http://h/v2/e1"] * 3
    assert endpoint_url("http://h:8000", "") == "http://h:8000"


async def test_refusals_that_pass_and_others(client: Caller, platform: FakeRunpod) -> None:
    platform.client_refusals[:] = [429, 500, 503]
    job = await client.call("submit", "probe", {"input": "a"})
    assert list(platform.jobs) == [job.id]
    platform.client_refusals[:] = [401]
    with pytest.raises(ApiError) as caught:
        await client.call("submit", "probe", {"input": "a"})
    assert (caught.value.code, caught.value.status, "HTTP 401" in caught.value.message) == (
        "runpod_refused",
        401,
        True,
    )
    with pytest.raises(ApiError) as caught:
        await client.call("get", "unknown")
    assert (caught.value.status, caught.value.retryable) == (404, False)
    assert (await client.call("cancel", job)).status == "cancelled"
    assert (await client.call("health"))["jobs"]["inQueue"] == 0


async def test_what_runpod_does_not_have(client: Caller, platform: FakeRunpod, tmp_path: Path) -> None:
    (tmp_path / "a.mov").write_bytes(b"a")
    calls: list[tuple[Any, ...]] = [
        ("upload", tmp_path / "a.mov"),
        ("download_file", "a", tmp_path / "b"),
        ("log", "j1"),
        ("job_page",),
        ("presets",),
        ("plan", "probe", {}),
        ("wait_until_healthy",),
    ]
    for name, *arguments in calls:
        with pytest.raises(ApiError) as caught:
            await client.call(name, *arguments)
        assert (caught.value.code, bool(caught.value.hint)) == ("unsupported_feature", True)
    with pytest.raises(ApiError, match="idempotency"):
        await client.call("submit", "probe", {}, idempotency_key="a")
    with pytest.raises(ApiError, match="was not uploaded"):
        await client.call("download", {"outputs": [{"name": "a"}]}, "a", tmp_path / "b")
    assert platform.jobs == {}
