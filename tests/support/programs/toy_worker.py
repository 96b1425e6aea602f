"""A worker for the queue in the folder `argv[1]`, whose jobs write their id to the file `argv[2]` and end."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from support.toy_queue import open_toy_queue


async def main(state: Path, runs: Path) -> None:
    """Run jobs until the process is killed, or its input ends."""
    file = os.open(runs, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def run(runtime: QueueRuntime) -> None:
        os.write(file, f"{runtime.job_id}\n".encode())

    async with open_toy_queue(state, run, slots=2):
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
