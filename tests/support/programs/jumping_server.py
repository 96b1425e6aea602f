"""An API server whose clock is off by the seconds in the file that `CLOCK_OFFSET` names."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from ffmpeg_worker.api.serve import serve
from ffmpeg_worker.logs import configure_logging
from ffmpeg_worker.settings import read_settings

_FILE = Path(os.environ.get("CLOCK_OFFSET", "/nonexistent"))
_time = time.time


def _read_clock() -> float:
    try:
        return _time() + float(_FILE.read_text() or 0)
    except OSError:
        return _time()


def _say(address: str) -> None:
    print(address, flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    time.time = _read_clock
    settings = read_settings()
    configure_logging(settings.log_level)
    asyncio.run(serve(settings, on_ready=_say, lifeline=0))
