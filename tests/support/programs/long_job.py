"""A worker that tests kill: it starts one long ffmpeg through a spawner, reports it, and waits.

Arguments: ffmpeg, an output path, and when to kill itself: "asked" (sent, no answer yet), "started" or "never".
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from ffmpeg_worker.process.child import Output
from ffmpeg_worker.process.spawner import Spawner


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _work(ffmpeg: str, target: str, dies_when: str) -> None:
    source = ["-f", "lavfi", "-i", "testsrc=size=1280x720:rate=25"]
    async with Spawner() as spawner:
        print("ready", flush=True)  # noqa: T201 - the test reads it
        if dies_when == "asked":
            asyncio.get_running_loop().call_soon(_die)
        child = await spawner.start(
            [ffmpeg, "-loglevel", "error", "-nostdin", "-y", *source, "-c:v", "mpeg4", target],
            cwd=Path(target).parent,
            env={},
            outputs={2: Output(lambda _: None)},
        )
        if dies_when == "started":
            _die()
        print("started", child.pid, flush=True)  # noqa: T201 - the test reads it
        await child.wait()


if __name__ == "__main__":
    asyncio.run(_work(*sys.argv[1:]))
