"""Bodies that are slow to read hold up neither the server nor its other callers.

Every body goes over HTTP to one server while a second client asks for `/health`. `FULL_CORPUS=1` sends each of a
score of texts in each text field of each action, in their full length; this takes an hour.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from ffmpeg_worker.tasks import cancel_and_wait
from support.attacks.sandboxes import needs_sandbox
from support.extent import IS_FULL
from support.jobs.hostile_bodies import HostileBody, find_long_bodies, find_some_text_bodies, find_text_bodies
from support.media.sources import make_clip
from support.processor_waits import read_waits, waited_between
from support.programs import serve_and_load
from support.servers.api_server import Server, running_server
from support.wait_until import until_async

pytestmark = needs_sandbox

_LENGTH = 400_000
_LENGTHS = (7_000, 7_000, 7_000, 7_000, 30_000)
"""Most of the bodies are read on the event loop, and some in a child process."""
_COUNT = 20_000 if IS_FULL else 2_000
_SLOWEST_S = 0.3
_MAX_MEMORY = 400 << 20
_PAUSE_S = 0.02
_IDLE_REQUESTS = 20
_KEY = "a-key-of-the-test"
_SETTINGS = {
    "FFMPEG_WORKER_API_KEYS": _KEY,
    "FFMPEG_WORKER_MAX_TIMEOUT_S": "2",
    "FFMPEG_WORKER_FETCH_DENY_CIDRS": "0.0.0.0/0,::/0",
    "FFMPEG_WORKER_LOG_LEVEL": "WARNING",
}


@dataclass
class Health:
    """How long `/health` took, in seconds, without the time in which others had the processors."""

    idle: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


@asynccontextmanager
async def asking(server: Server, times: list[float]) -> AsyncIterator[None]:
    """Ask for `/health` every 20 ms while the block runs."""

    address = urlsplit(server.url)
    request = f"GET /health HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection(address.hostname, address.port)

    async def ask() -> None:
        while True:
            before, began = read_waits(server.pid), time.perf_counter()
            writer.write(request)
            assert b'"ok"' in await reader.readuntil(b"}")
            took = time.perf_counter() - began
            times.append(max(0.0, took - waited_between(before, read_waits(server.pid), server=server.pid)))
            await asyncio.sleep(_PAUSE_S)

    task = asyncio.ensure_future(ask())
    try:
        yield
        if task.done():
            await task
    finally:
        await cancel_and_wait(task)
        writer.close()
        await writer.wait_closed()


def peak_memory(server: Server) -> int:
    """The most bytes that the server's own process has held."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) << 10


async def send(session: aiohttp.ClientSession, body: HostileBody, codes: Counter[str]) -> None:
    """Send one body; it is answered, and not by a failure of the worker."""
    data = json.dumps(body.body).encode()
    headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json"}
    async with session.post(body.path, data=data, headers=headers) as response:
        answer = await response.json(content_type=None)
    code = answer.get("code", "succeeded")
    codes[code] += 1
    assert response.status != 500, f"{body}: {answer}"


async def make_corpus(session: aiohttp.ClientSession) -> Sequence[HostileBody]:
    """The bodies, from the document that the server publishes."""
    async with session.get("/openapi.json") as response:
        text = (await response.text()).replace("example.com", "127.0.0.1")  # no name is looked up
    document = json.loads(text)
    texts = find_text_bodies(document, _LENGTH) if IS_FULL else find_some_text_bodies(document, _LENGTHS)
    return [*find_long_bodies(_COUNT), *texts]


async def test_no_body_holds_up_the_server(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    make_clip(tmp_path / "data" / "a.mp4", seconds=1)
    health, codes = Health(), Counter[str]()
    with running_server(tmp_path, serve_and_load, **_SETTINGS) as server:
        async with aiohttp.ClientSession(server.url) as session:
            corpus = await make_corpus(session)
            assert len(corpus) >= 150
            async with asking(server, health.idle):
                await until_async(lambda: len(health.idle) >= _IDLE_REQUESTS)
            async with asking(server, health.busy):
                for body in corpus:
                    before = len(health.busy)
                    await send(session, body, codes)
                    slowest = max(health.busy[before:], default=0.0)
                    assert slowest < _SLOWEST_S + 2 * max(health.idle), f"{body}: {slowest:.3f} s"
                    assert peak_memory(server) < _MAX_MEMORY, f"{body}: {peak_memory(server) >> 20} MiB"
        print(f"{len(corpus)} bodies, {codes}, slowest {max(health.busy):.3f} s")  # noqa: T201 - shown with -s
