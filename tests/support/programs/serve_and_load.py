"""The API as in `serve_api`, with a computing process that is loaded as soon as the server is ready."""

from __future__ import annotations

import asyncio

from ffmpeg_worker.api.serve import serve
from ffmpeg_worker.pipeline import compute
from ffmpeg_worker.settings import read_settings


def _say(address: str) -> None:
    print(address, flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    compute.OPEN_AFTER_S = 0
    asyncio.run(serve(read_settings(), on_ready=_say, lifeline=0))
