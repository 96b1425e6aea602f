"""Checks that keep a worker from taking jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.client.errors import ApiError
from ffmpeg_worker.client.location import ExternalApi
from ffmpeg_worker.runpod_worker.fitness_checks import FitnessCheckFailed, make_checks
from support.servers.fake_api import open_fake_api

GOOD: dict[str, Any] = {
    "status": "ok",
    "capabilities": {"encoders": 9},
    "gpu": {"count": 1, "encoders": ["h264_nvenc"]},
    "sandbox": {"level": "full"},
}


async def run(health: dict[str, Any], devices: Path, *, must_confine: bool = True) -> list[str]:
    """Names of the checks that passed."""
    async with open_fake_api() as api:
        api.health = (200, json.dumps(health))
        client = ApiClient(ExternalApi(api.base_url, None), timeout_s=1, ready_timeout_s=0.1)
        passed = []
        for check in make_checks(client, must_confine=must_confine, devices=devices):
            await check()
            passed.append(check.__name__)
        return passed


async def test_a_worker_that_passes(tmp_path: Path) -> None:
    assert await run(GOOD, tmp_path) == ["http_api", "ffmpeg", "sandbox"]
    (tmp_path / "nvidia0").touch()
    assert await run(GOOD, tmp_path) == ["http_api", "ffmpeg", "sandbox", "gpu"]


async def test_an_external_api_that_reports_only_its_status(tmp_path: Path) -> None:
    assert len(await run({"status": "ok"}, tmp_path)) == 3


@pytest.mark.parametrize(
    "wrong", [{"status": "closing"}, {"capabilities": {"encoders": 0}}, {"sandbox": {"level": "off"}}]
)
async def test_a_worker_that_fails(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises((FitnessCheckFailed, ApiError)):
        await run({**GOOD, **wrong}, tmp_path)


async def test_a_sandbox_that_is_not_required(tmp_path: Path) -> None:
    await run({**GOOD, "sandbox": {"level": "off"}}, tmp_path, must_confine=False)
