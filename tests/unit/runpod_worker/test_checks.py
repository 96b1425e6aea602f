"""What keeps a worker from taking jobs, and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.runpod_worker.client import ApiClient
from ffmpeg_worker.runpod_worker.fitness_checks import FitnessCheckFailed, make_checks
from ffmpeg_worker.runpod_worker.locate_api import ExternalApi
from ffmpeg_worker.runpod_worker.problems import JobFailed
from support.servers.fake_api import stand_in_api

GOOD: dict[str, Any] = {
    "status": "ok",
    "capabilities": {"encoders": 9, "main_encoders": ["libx264", "h264_nvenc"]},
    "sandbox": {"level": "full"},
}


async def run(health: dict[str, Any], devices: Path, *, must_confine: bool = True) -> list[str]:
    """Names of the checks that passed."""
    async with stand_in_api() as api:
        api.health = (200, json.dumps(health))
        client = ApiClient(ExternalApi(api.base_url, None), timeout_s=1, ready_within_s=0.1)
        passed = []
        for check in make_checks(client, must_confine=must_confine, devices=devices):
            await check()
            passed.append(check.__name__)
        return passed


async def test_fit(tmp_path: Path) -> None:
    assert await run(GOOD, tmp_path) == ["http_door", "ffmpeg", "sandbox"]
    (tmp_path / "nvidia0").touch()
    assert await run(GOOD, tmp_path) == ["http_door", "ffmpeg", "sandbox", "gpu"]


async def test_an_http_door_of_somebody_elses(tmp_path: Path) -> None:
    assert len(await run({"status": "ok"}, tmp_path)) == 3


@pytest.mark.parametrize(
    "wrong", [{"status": "starting"}, {"capabilities": {"encoders": 0}}, {"sandbox": {"level": "off"}}]
)
async def test_not_fit(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises((FitnessCheckFailed, JobFailed)):
        await run({**GOOD, **wrong}, tmp_path)


async def test_a_sandbox_that_is_not_asked_for(tmp_path: Path) -> None:
    await run({**GOOD, "sandbox": {"level": "off"}}, tmp_path, must_confine=False)
