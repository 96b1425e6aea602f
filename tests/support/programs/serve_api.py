"""The program of `support.servers.api_server`: prints its address, and serves until its stdin is closed."""

from __future__ import annotations

import asyncio

from ffmpeg_worker.api.serve import serve
from ffmpeg_worker.logs import configure_logging
from ffmpeg_worker.settings import read_settings


def _say(address: str) -> None:
    print(address, flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    settings = read_settings()
    configure_logging(settings.log_level)
    asyncio.run(serve(settings, on_ready=_say, lifeline=0))
