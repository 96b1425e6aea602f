"""Internals of RunPod's SDK: a fast import, our own job loop, and a heartbeat that ends with the worker."""

# The SDK's heartbeat process imports this module where processes are spawned: nothing here takes long to import.
from __future__ import annotations

import asyncio
import importlib
import importlib.util
import multiprocessing
import os
import signal
import sys
import types
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.sandbox.kernel import PR_SET_PDEATHSIG, prctl

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
RunJobs = Callable[[Handler, Any], Coroutine[Any, Any, None]]
"""Takes and runs jobs until the worker ends, given the SDK's wrapper of the handler (which returns
`{"output", "error"}`) and its set of job ids that the heartbeat reports."""


def load_sdk() -> Any:
    """Import the SDK.

    Raises:
        Misconfigured: it is not installed, or another package named `runpod` hides it.
    """
    # At its default level, DEBUG, the SDK logs every job's output. It reads the variable at import.
    if "RUNPOD_DEBUG_LEVEL" not in os.environ:
        os.environ.setdefault("RUNPOD_LOG_LEVEL", "INFO")
    _skip_cpuinfo()
    try:
        sdk = importlib.import_module("runpod")
    except ModuleNotFoundError as error:
        if error.name != "runpod":
            raise
        sdk = None
    if not hasattr(sdk, "serverless"):  # without the SDK, a folder named `runpod` is importable
        raise Misconfigured(
            "RunPod's SDK is not installed.", hint="Install the worker again, with its dependencies."
        )
    return sdk


def start_sdk(
    sdk: Any,
    handler: Handler,
    checks: Sequence[Callable[[], Awaitable[None]]],
    run_jobs: RunJobs,
    *,
    max_concurrency: int,
) -> None:
    """Start the SDK, which runs `run_jobs` once all checks have passed; returns when the worker ends."""
    for check in checks:
        sdk.serverless.register_fitness_check(check)
    modules = sdk.serverless.modules
    modules.rp_ping.Heartbeat.process_loop = run_heartbeat

    def start() -> None:
        run_job = partial(modules.rp_job.run_job, handler)
        asyncio.run(run_jobs(run_job, modules.worker_state.JobsProgress()))

    modules.rp_scale.JobScaler = lambda _config: types.SimpleNamespace(start=start)
    sdk.serverless.start({"handler": handler, "concurrency_modifier": lambda _current: max_concurrency})


def run_heartbeat(mirror: Any = None, test: bool = False) -> None:
    """Send heartbeats as the SDK's own loop does, in a process that the kernel kills with the worker.

    RunPod would otherwise keep hearing from a worker that has been killed, and wait for its jobs.
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():  # it died before the kernel knew
        sys.exit(0)
    heartbeat = importlib.import_module("runpod.serverless.modules.rp_ping").Heartbeat()
    heartbeat._mirror = mirror  # noqa: SLF001 - as the SDK's own loop
    heartbeat.ping_loop(test)


def _skip_cpuinfo() -> None:
    """Save the second that the SDK's debugger spends at import to look up the processor's name."""
    if "cpuinfo" not in sys.modules and importlib.util.find_spec("cpuinfo") is not None:
        substitute = types.ModuleType("cpuinfo")
        substitute.get_cpu_info = lambda: {"brand_raw": "not looked up"}  # type: ignore[attr-defined]
        sys.modules["cpuinfo"] = substitute
