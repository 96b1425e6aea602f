"""The SDK's heartbeat, a process of its own, made to end with the worker whatever ends that."""

from __future__ import annotations

import importlib
import multiprocessing
import signal
import sys
from typing import Any

from ffmpeg_worker.sandbox.kernel import PR_SET_PDEATHSIG, prctl


def tie_heartbeat(sdk: Any) -> None:
    """Without this, RunPod goes on hearing from a worker that has been killed, and waits for its jobs."""
    sdk.serverless.modules.rp_ping.Heartbeat.process_loop = run_heartbeat


def run_heartbeat(mirror: Any = None, test: bool = False) -> None:
    """What the SDK's `Heartbeat.process_loop` does, in a process that the kernel kills when the worker dies."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():  # it died before the kernel knew
        sys.exit(0)
    heartbeat = importlib.import_module("runpod.serverless.modules.rp_ping").Heartbeat()
    heartbeat._mirror = mirror  # noqa: SLF001 - as the SDK's own loop
    heartbeat.ping_loop(test)
