"""A worker that tests kill: its confined ffmpeg waits for bytes that never arrive.

Argument: a folder. It prints "started" and the process id of ffmpeg, stops ffmpeg at a line on standard input, and
prints "ended".
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from ffmpeg_worker.process.child import Output
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.waiting_reads import TICKETS
from support.attacks.arriving_file import ArrivingFile
from support.attacks.sandboxes import open_jail
from support.wait_until import until_async


async def _work(folder: Path) -> None:
    file = ArrivingFile(folder / "file", never=True)
    with open_jail(folder / "cell/job") as (_, jail, lane):
        async with Spawner() as spawner:
            child = await spawner.start(
                [str(find_ffmpeg(None)), "-fd", str(TICKETS[0]), "-i", "fd:", str(lane / "out.mkv")],
                cwd=lane,
                env={},
                outputs={2: Output(lambda _: None)},
                confinement=jail.for_command(lane, 60),
                files=[file],
            )
            await until_async(lambda: file.waiting > 0)
            print("started", child.pid, flush=True)  # noqa: T201 - the test reads it
            await asyncio.to_thread(sys.stdin.readline)
            await child.stop()
            print("ended", flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(_work(Path(sys.argv[1])))
