"""A web server with ranges, latency and limited bandwidth; `python -m bench.slow_web FOLDER` prints its URL.

It runs in a process of its own. The path holds the conditions: `/LATENCY_MS/MB_PER_S/COUNTER/FILE`; 0 MB/s means
no limit. `/counters/COUNTER` answers with the requests so far and the bytes that were sent for them. Connections
of the same counter share its bandwidth, as connections from one machine do.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

_CHUNK_BYTES = 128 * 1024
_BUFFER_BYTES = 256 * 1024
"""Send buffer of a connection: bytes in it count as sent although a client that closes has not read them."""


@dataclass
class _Counter:
    requests: int = 0
    bytes: int = 0
    free_at: float = 0.0
    """When the link has sent all that was handed to it, as time.monotonic()."""

    async def send(self, size: int, bytes_per_s: float) -> None:
        """Wait until the link has room for `size` more bytes."""
        self.bytes += size
        if bytes_per_s:
            now = time.monotonic()
            self.free_at = max(self.free_at, now) + size / bytes_per_s
            if (wait := self.free_at - now) > 0.002:
                await asyncio.sleep(wait)


@dataclass
class _Web:
    folder: Path
    counters: dict[str, _Counter] = field(default_factory=lambda: defaultdict(_Counter))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split(" ", 2)
        _, first, *rest = target.split("?")[0].split("/")
        if first == "counters":
            counter = self.counters[rest[0]]
            text = json.dumps({"requests": counter.requests, "bytes": counter.bytes}).encode()
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
            await writer.drain()
            return True
        rate, counter_name, name = rest[0], rest[1], rest[2].replace("%2F", "/")
        await asyncio.sleep(int(first) / 1000)
        counter = self.counters[counter_name]
        counter.requests += 1
        await self._send_file(writer, counter, float(rate) * 1e6, self.folder / name, head, method == "HEAD")
        return True

    async def _send_file(
        self,
        writer: asyncio.StreamWriter,
        counter: _Counter,
        bytes_per_s: float,
        path: Path,
        head: str,
        no_body: bool,
    ) -> None:
        size = path.stat().st_size
        found = re.search(r"\r\nRange: *bytes=(\d+)-(\d*)", head, re.IGNORECASE)
        start = int(found[1]) if found else 0
        end = min(int(found[2]) + 1, size) if found and found[2] else size
        status = "206 Partial Content" if found else "200 OK"
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {end - start}", "Accept-Ranges: bytes", f'ETag: "{size}"']
        if found:
            lines.append(f"Content-Range: bytes {start}-{end - 1}/{size}")
        writer.write("\r\n".join([*lines, "Content-Type: application/octet-stream", "", ""]).encode())
        if no_body:
            return
        with path.open("rb") as file:
            file.seek(start)
            while start < end:
                chunk = file.read(min(_CHUNK_BYTES, end - start))
                await counter.send(len(chunk), bytes_per_s)
                writer.write(chunk)
                await writer.drain()
                start += len(chunk)


async def _main(folder: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    server = await asyncio.start_server(_Web(folder).serve, sock=listener, limit=_CHUNK_BYTES)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
