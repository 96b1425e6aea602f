"""The clients of the soak against a server that responses as the test says."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from fuzz.planted import plant_secrets
from soak import honest_clients
from soak.client import Response, open_session
from soak.explain_failure import FULL_DISK
from soak.honest_clients import HonestClients
from soak.honest_jobs import HonestJob, HonestJobs
from soak.hostile_bodies import HostileBodies
from soak.hostile_clients import HostileClients
from soak.run_record import InjectedFault, RunRecord
from soak.shuffled_kinds import ShuffledKinds
from support.servers.serve_app import serve_handler

_RIGHT: dict[str, Any] = {"score": 93.0}
_FULL = {"code": "queue_full", "fault": "worker", "retryable": True}
_DISK_FULL = {"code": "disk_full", "fault": "worker", "retryable": True}
_KILLED = {"code": "engine_killed", "fault": "worker", "retryable": True}
_CRASHED = {"code": "source_crashes_probe", "fault": "source", "retryable": False}


def job(cleaned: list[str], action: str = "vmaf") -> HonestJob:
    def check(response: Response) -> list[str]:
        return [] if response.json() == _RIGHT or "results" in response.json() else ["the score is wrong"]

    return HonestJob(action, action, {}, check, clean=lambda: cleaned.append(action))


@asynccontextmanager
async def clients(*responses: tuple[int, Any] | Callable[[], tuple[int, Any]]) -> AsyncIterator[HonestClients]:
    """Clients of a server that gives these responses, one after another."""
    left = list(responses)

    async def response(request: web.Request) -> web.StreamResponse:
        await request.read()
        given = left.pop(0)
        status, body = given() if callable(given) else given
        if status == 0:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(body, status=status or 200, headers={"X-Job-Id": "job", "Retry-After": "0"})

    async with serve_handler(response) as url, open_session(url) as session:
        yield HonestClients(session, cast("HonestJobs", None), RunRecord())
    assert left == []


async def serve(made: HonestClients, action: str = "vmaf") -> tuple[int, int, int, int, list[str]]:
    """Right, failed, sent again, refused as busy, and the kinds of violations."""
    cleaned: list[str] = []
    await made.serve(job(cleaned, action))
    assert cleaned == [action]
    record = made.record
    counts = (record.right, record.failed, record.resent, record.refused_busy)
    right, failed, resent, refused_busy = (counter[action] for counter in counts)
    return right, failed, resent, refused_busy, [violation.kind for violation in record.violations]


async def test_a_right_result_after_waiting() -> None:
    async with clients((503, _FULL), (200, _RIGHT)) as made:
        assert await serve(made) == (1, 0, 0, 1, [])


async def test_a_wrong_result() -> None:
    async with clients((200, {"score": 12.0})) as made:
        assert await serve(made) == (0, 1, 0, 0, ["wrong result"])


@pytest.mark.parametrize("problem", [_KILLED, _CRASHED, {}])
async def test_a_failure_without_a_fault_of_ours(problem: dict[str, Any]) -> None:
    async with clients((503, problem)) as made:
        assert await serve(made) == (0, 1, 0, 0, ["spurious failure"])
        assert "without any injected fault" in made.record.violations[0].detail


async def test_a_job_whose_process_was_killed() -> None:
    def killed() -> tuple[int, Any]:
        now = time.monotonic()
        made.record.injected.append(InjectedFault("kill -9 of ffmpeg", now, now, "job"))
        return 503, _KILLED

    async with clients(killed, (200, _RIGHT)) as made:
        assert await serve(made) == (1, 0, 1, 0, [])


async def test_a_kill_that_the_source_is_blamed_for() -> None:
    def killed() -> tuple[int, Any]:
        now = time.monotonic()
        made.record.injected.append(InjectedFault("kill -9 of probe", now, now, "job"))
        return 422, _CRASHED

    async with clients(killed) as made:
        assert await serve(made) == (0, 1, 0, 0, ["spurious failure"])
        assert "during: kill -9 of probe of this job" in made.record.violations[0].detail


async def test_a_process_of_a_job_that_failed() -> None:
    async with clients((200, {"results": [{"success": True}, {"success": False, "error": _KILLED}]})) as made:
        assert await serve(made, "multi_process") == (0, 1, 0, 0, ["spurious failure"])


def all_failed(*problems: dict[str, Any]) -> dict[str, Any]:
    """The problem of a job of which no process succeeded."""
    reports = [{"index": index, "success": False, "error": problem} for index, problem in enumerate(problems)]
    return problems[0] | {"code": "all_processes_failed", "results": reports}


@pytest.mark.parametrize(
    ("second", "expected"), [(_DISK_FULL, (1, 0, 1, 0, [])), (_CRASHED, (0, 1, 0, 0, ["spurious failure"]))]
)
async def test_a_job_whose_processes_all_failed(second: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """Each process is judged by its own problem: a full disk explains only those that met it."""

    def failed() -> tuple[int, Any]:
        made.record.injected.append(InjectedFault(FULL_DISK, time.monotonic(), float("inf")))
        return 503, all_failed(_DISK_FULL, second)

    responses = [failed, (200, _RIGHT)] if expected[0] else [failed]
    async with clients(*responses) as made:
        assert await serve(made, "multi_process") == expected


async def test_processes_that_were_all_refused_as_busy() -> None:
    async with clients((503, all_failed(_FULL, _FULL)), (200, _RIGHT)) as made:
        assert await serve(made, "multi_process") == (1, 0, 0, 1, [])


async def test_no_answer() -> None:
    async with clients((0, {})) as made:
        assert await serve(made) == (0, 1, 0, 0, ["no response"])


async def test_a_job_that_is_never_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(honest_clients, "SERVED_WITHIN_S", 0.0)
    async with clients() as made:
        assert await serve(made) == (0, 1, 0, 0, ["starved"])


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (422, {"code": "forbidden_option"}, None),
        (200, {"outputs": []}, None),
        (500, {"code": "worker_error", "error": "unexpected"}, "worker_error"),
        (422, {"error": "x"}, "without a code"),
        (422, {"code": "x", "error": "SECRET"}, "contains a secret"),
    ],
)
async def test_answers_to_hostile_bodies(tmp_path: Path, status: int, body: Any, word: str | None) -> None:
    async def response(request: web.Request) -> web.StreamResponse:
        await request.read()
        secret = (tmp_path / "outside/secret.txt").read_text().strip()
        told = {key: value.replace("SECRET", secret) for key, value in body.items() if isinstance(value, str)}
        return web.json_response(body | told, status=status)

    with plant_secrets(tmp_path / "outside") as secrets:
        bodies, record = HostileBodies(secrets, "http://127.0.0.1:1/list.txt"), RunRecord()
        async with serve_handler(response) as url, open_session(url) as session:
            made = HostileClients(session, bodies, secrets, record)
            await made.send("hidden name", random.Random(1))
    assert [word in violation.detail for violation in record.violations if word] == [True] * bool(word)


def test_every_hostile_body_can_be_made(tmp_path: Path) -> None:
    with plant_secrets(tmp_path / "outside") as secrets:
        bodies = HostileBodies(secrets, "http://127.0.0.1:1/list.txt")
        in_turn = ShuffledKinds(bodies.weights, random.Random(1))
        made = [bodies.make(in_turn.next(), random.Random(seed)) for seed in range(sum(bodies.weights.values()))]
    assert {request.name for request in made} == set(bodies.weights)
    assert all(0 < len(request.body) < 1 << 20 and request.path.startswith("/api/") for request in made)
