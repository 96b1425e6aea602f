"""RunPod's SDK: imported as fast as it can be, started with this worker's handler."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import types
from collections.abc import Awaitable, Callable
from typing import Any

from ffmpeg_worker.errors import Misconfigured

# The SDK hands jobs out one second apart where the limit is one, and whenever the limit is reached.
_LEAST_CONCURRENCY = 2


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
    sdk: Any,
    handler: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]],
    check: Callable[[], Awaitable[None]],
    *,
    concurrency: int,
) -> None:
    """Take jobs until RunPod ends the worker; `check` fails when it cannot run any."""
    concurrency = max(_LEAST_CONCURRENCY, concurrency)
    sdk.serverless.register_fitness_check(check)
    # A limit that changes makes the SDK wait until no job runs: it stays the same.
    sdk.serverless.start({"handler": handler, "concurrency_modifier": lambda _current: concurrency})


def _skip_cpuinfo() -> None:
    """Spare the second that the SDK's debugger spends at import to find the processor's name."""
    if "cpuinfo" not in sys.modules and importlib.util.find_spec("cpuinfo") is not None:
        stand_in = types.ModuleType("cpuinfo")
        stand_in.get_cpu_info = lambda: {"brand_raw": "not looked up"}  # type: ignore[attr-defined]
        sys.modules["cpuinfo"] = stand_in
