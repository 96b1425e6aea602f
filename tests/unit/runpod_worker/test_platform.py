"""Jobs in the form that RunPod's API returns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ffmpeg_worker.runpod_worker.platform import Platform


async def test_only_jobs_with_a_usable_id_are_taken() -> None:
    handed_out = [
        {"id": "0b6f-u1", "input": {}},
        {"input": {}},
        {"id": 7},
        {"id": "a\nb"},
        {"id": "../x"},
        "job",
        None,
    ]

    async def get_job(_session: Any, _count: int) -> list[Any]:
        return handed_out

    modules = SimpleNamespace(rp_job=SimpleNamespace(get_job=get_job))
    platform = Platform(SimpleNamespace(serverless=SimpleNamespace(modules=modules)))
    assert await platform.take_jobs(9) == handed_out[:1]
