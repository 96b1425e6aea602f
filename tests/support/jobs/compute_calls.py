"""Functions that tests call in child processes of `Compute`."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from typing import Any, Never

from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.pipeline.compute_calls import start_timer


def spin(*_: object) -> Never:
    """Use the processor for ever."""
    while True:
        pass


def read_for_ever(_body: object, _machine: object, default_timeout_s: float, max_timeout_s: float) -> Never:
    """Begin as `read_in_time` does for a job with a timeout of 0.2 s, and never finish."""
    start_timer(default_timeout_s, max_timeout_s, 0.2)
    spin()


def fill_memory() -> None:
    """Use all the memory that there is."""
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


def raise_error() -> Never:
    """Fail with all that an error may have."""
    raise EngineFailed("No.", code="encoder_unknown", hint="Yes.", where={"row": 3}, detail="for the log")


def return_much(count: int) -> bytes:
    """Return this many bytes."""
    return bytes(count)


def kill_oneself() -> None:
    """Die as if the system had no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)


def read_score(_results: object, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Read one file of two."""
    return {**json.loads(files["a.json"]), "missing": files["missing"]}
