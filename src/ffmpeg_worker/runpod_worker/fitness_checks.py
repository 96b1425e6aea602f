"""What must be so before a worker takes jobs; RunPod is told which check failed and why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from ffmpeg_worker.logs import log
from ffmpeg_worker.runpod_worker.client import ApiClient

Check = Callable[[], Awaitable[None]]
"""Raises when it fails; RunPod shows its name."""

_CONFINED = frozenset({"full", "chroot"})
_GPU_TRIAL_S = 10.0
_PAUSE_S = 0.1
_DEVICES = Path("/dev")


class FitnessCheckFailed(Exception):
    """This worker cannot do what it was started for."""


def make_checks(client: ApiClient, *, must_confine: bool, devices: Path = _DEVICES) -> Sequence[Check]:
    """The checks, in order: each relies on those before it.

    Args:
        client: of the HTTP door.
        must_confine: whether jobs may not run without a sandbox.
        devices: where GPUs are seen.
    """
    health: dict[str, Any] = {}

    async def http_door() -> None:
        health.update(await client.wait_until_ready())

    async def ffmpeg() -> None:
        # An HTTP door of somebody else's, that does not accept our key, tells only that it is healthy.
        if "capabilities" in health and not health["capabilities"].get("encoders"):
            raise FitnessCheckFailed("The HTTP door's FFmpeg has no encoders.")

    async def sandbox() -> None:
        level = health.get("sandbox", {}).get("level")
        if must_confine and level is not None and level not in _CONFINED:
            raise FitnessCheckFailed(
                f'Jobs are not confined (level "{level}"), and FFMPEG_WORKER_SANDBOX is "require".'
            )

    async def gpu() -> None:
        encoders = await _gpu_encoders(client)
        # No reason to take no jobs: an A100 or H100 has no encoder, and the GPU may be there for filters.
        log(logging.INFO if encoders else logging.WARNING, "gpu tried", encoders=encoders)

    has_gpu = any(devices.glob("nvidia[0-9]*"))
    return [http_door, ffmpeg, sandbox, gpu] if has_gpu else [http_door, ffmpeg, sandbox]


async def _gpu_encoders(client: ApiClient) -> list[str]:
    """Encoders of the GPU that work; the HTTP door tries them one by one from the first look at its health."""
    found: list[str] = []
    deadline = asyncio.get_running_loop().time() + _GPU_TRIAL_S
    while not found and asyncio.get_running_loop().time() < deadline:
        known = (await client.wait_until_ready()).get("capabilities", {}).get("main_encoders", [])
        found = [name for name in known if name.endswith("_nvenc")]
        await asyncio.sleep(_PAUSE_S)
    return found
