"""RunPod's SDK: imported as fast as it can be, started with this worker's handler."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import sys
import types
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.runpod_worker.fitness_checks import Check
from ffmpeg_worker.runpod_worker.heartbeat import tie_heartbeat
from ffmpeg_worker.runpod_worker.job_loop import JobLoop
from ffmpeg_worker.runpod_worker.platform import Platform

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def load_sdk() -> Any:
    """Import the SDK.

    Raises:
        Misconfigured: it is not installed, or another `runpod` stands before it.
    """
    # At its default, DEBUG, the SDK logs every job's output; the variable is read at import.
    if "RUNPOD_DEBUG_LEVEL" not in os.environ:
        os.environ.setdefault("RUNPOD_LOG_LEVEL", "INFO")
    _skip_cpuinfo()
    try:
        sdk = importlib.import_module("runpod")
    except ModuleNotFoundError as error:
        if error.name != "runpod":
            raise
        sdk = None
    if not hasattr(sdk, "serverless"):  # without the SDK, a folder `runpod` is importable by that name
        raise Misconfigured("RunPod's SDK is not installed.", hint="pip install 'ffmpeg-worker[runpod]'")
    return sdk


def start_sdk(
    sdk: Any, platform: Platform, handler: Handler, checks: Sequence[Check], *, slots: int, finish_s: float
) -> None:
    """Take jobs until RunPod ends the worker, `slots` at once; none when a check fails."""
    for check in checks:
        sdk.serverless.register_fitness_check(check)
    modules = sdk.serverless.modules
    tie_heartbeat(sdk)

    class Scaler:
        """What the SDK makes and starts once the checks have passed."""

        def __init__(self, _config: dict[str, Any]) -> None:
            pass

        def start(self) -> None:
            asyncio.run(self._run())

        async def _run(self) -> None:
            in_progress = modules.worker_state.JobsProgress()
            await JobLoop(
                platform, partial(modules.rp_job.run_job, handler), in_progress, slots=slots, finish_s=finish_s
            ).run()

    modules.rp_scale.JobScaler = Scaler
    sdk.serverless.start({"handler": handler, "concurrency_modifier": lambda _current: slots})


def _skip_cpuinfo() -> None:
    """Spare the second that the SDK's debugger spends at import to find the processor's name."""
    if "cpuinfo" not in sys.modules and importlib.util.find_spec("cpuinfo") is not None:
        stand_in = types.ModuleType("cpuinfo")
        stand_in.get_cpu_info = lambda: {"brand_raw": "not looked up"}  # type: ignore[attr-defined]
        sys.modules["cpuinfo"] = stand_in
