"""Checks that must pass before the worker takes jobs; RunPod learns which check failed and why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.logs import log

Check = Callable[[], Awaitable[None]]
"""Raises when it fails; RunPod shows its name."""

_CONFINED = frozenset({"full", "chroot"})
_GPU_TIMEOUT_S = 10.0
_PAUSE_S = 0.1
_DEVICES = Path("/dev")


class FitnessCheckFailed(Exception):
    """This worker cannot run jobs as configured."""


def make_checks(client: ApiClient, *, must_confine: bool, devices: Path = _DEVICES) -> Sequence[Check]:
    """Return the checks in order; each relies on those before it.

    Args:
        client: client of the API that runs the jobs.
        must_confine: whether jobs may not run without a sandbox.
        devices: the folder of device files, where GPUs appear.
    """
    health: dict[str, Any] = {}

    async def http_api() -> None:
        health.update(await client.wait_until_healthy())

    async def ffmpeg() -> None:
        # An external API that does not accept our key reports nothing but its status.
        if "capabilities" in health and not health["capabilities"].get("encoders"):
            raise FitnessCheckFailed("The API's FFmpeg has no encoders.")

    async def sandbox() -> None:
        level = health.get("sandbox", {}).get("level")
        if must_confine and level is not None and level not in _CONFINED:
            raise FitnessCheckFailed(
                f'Jobs are not confined (level "{level}"), and FFMPEG_WORKER_SANDBOX is "require".'
            )

    async def gpu() -> None:
        encoders = await _find_gpu_encoders(client)
        # Not a failure: an A100 or H100 has no encoder, and the GPU may be there for filters.
        log(logging.INFO if encoders else logging.WARNING, "gpu checked", encoders=encoders)

    has_gpu = any(devices.glob("nvidia[0-9]*"))
    return [http_api, ffmpeg, sandbox, gpu] if has_gpu else [http_api, ffmpeg, sandbox]


async def _find_gpu_encoders(client: ApiClient) -> list[str]:
    """Wait for the API's trial of the GPU, which starts with the first health request; return what works."""
    deadline = asyncio.get_running_loop().time() + _GPU_TIMEOUT_S
    while asyncio.get_running_loop().time() < deadline:
        gpu = (await client.wait_until_healthy()).get("gpu")
        if gpu is not None:
            return list(gpu.get("encoders", ()))
        await asyncio.sleep(_PAUSE_S)
    return []
