"""A server in a process of its own, on a free port of this machine, with a key of its own."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.errors import EngineUnavailable

_START_WITHIN_S = 60.0
_END_WITHIN_S = 20.0
_LOG_LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Server:
    """Where it is, and the key it wants."""

    url: str
    key: str


@asynccontextmanager
async def open_server(data_root: Path) -> AsyncIterator[Server]:
    """Start a server with its data under `data_root`; it ends with the context, or when this process dies.

    Raises:
        EngineUnavailable: it did not start; `stderr` has the last lines of its log.
    """
    key = secrets.token_urlsafe(16)
    # Beside the outputs, so that delivering one is a rename.
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=data_root) as scratch:
        # The tour's own commands and files are harmless: it shows what it can on any machine.
        environment = {"FFMPEG_WORKER_SANDBOX": "degraded"} | os.environ
        environment |= {
            "ENV": "development",
            "FS_PATH": str(data_root),
            "CLOUD_STORAGE_TYPE": "LOCAL",
            "BUCKET_ENDPOINT_URL": "",
            "FFMPEG_WORKER_API_KEYS": key,
            "FFMPEG_WORKER_SCRATCH_ROOT": scratch,
        }
        log = Path(scratch, "server.log")
        lifeline_end, lifeline = os.pipe()
        ready, ready_end = os.pipe()
        try:
            process = await _start(environment, log, ready_end, lifeline_end)
        finally:
            os.close(ready_end)
            os.close(lifeline_end)
        try:
            yield Server(await _read_url(ready, log), key)
        finally:
            os.close(lifeline)
            await _end(process)


async def _start(
    environment: dict[str, str], log: Path, ready_end: int, lifeline_end: int
) -> asyncio.subprocess.Process:
    options = ["--host", "127.0.0.1", "--port", "0"]
    pipes = ["--ready-fd", str(ready_end), "--lifeline-fd", str(lifeline_end)]
    with log.open("wb") as stderr:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ffmpeg_worker", "serve", *options, *pipes),
            env=environment,
            pass_fds=(ready_end, lifeline_end),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            start_new_session=True,  # Ctrl-C is for us: the lifeline ends the server
        )


async def _read_url(ready: int, log: Path) -> str:
    """Wait for the server's one line; a server that dies closes the pipe."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(ready, "rb"))
    try:
        async with asyncio.timeout(_START_WITHIN_S):
            line = await reader.readline()
        url: str = json.loads(line)["url"]
    except (TimeoutError, ValueError):
        last = log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        raise EngineUnavailable(
            "The server did not start.",
            code="server_not_started",
            hint="`ffmpeg-worker doctor` tells what is missing.",
            stderr="\n".join(last),
        ) from None
    finally:
        transport.close()
    return url


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(_END_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
