"""Clients that send no job, hang up, do not read, or name servers that stall."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from soak.client import path_of
from soak.run_end import RunEnd
from soak.run_record import RunRecord
from soak.shuffled_kinds import ShuffledKinds
from soak.stalled_peer import StalledPeer
from soak.worker_process import HOSTILE_KEY

_ABORT = struct.pack("ii", 1, 0)
_NOISE: dict[str, Any] = {"width": 1400, "height": 1400, "layers": [{"type": "image", "src": "noise.png"}], "t": 0}
_SLOW = {
    "chainCmds": "-re -f lavfi -i testsrc2=size=640x360 -c:v libx264 -preset ultrafast gone.mkv",
    "timeout": 30,
}
_CROWD = 8
_UNREAD = 4
_MAX_UNREAD_S = 10.0


@dataclass
class MisbehavingClients:
    """Talks to the server in ways that no client should."""

    host: str
    port: int
    stalled: StalledPeer
    record: RunRecord

    def kinds(self) -> Mapping[str, Callable[[random.Random], Awaitable[None]]]:
        """What they do, by name."""
        return {
            "hang up while sending": self._hang_up_while_sending,
            "hang up while it runs": self._hang_up_while_it_runs,
            "hang up while reading": self._hang_up_while_reading,
            "never read": self._never_read,
            "stalled target": self._stalled_target,
            "stalled source": self._stalled_source,
            "idle connections": self._idle_connections,
            "trickling head": self._trickle,
            "odd framing": self._odd_framing,
        }

    async def keep_going(self, in_turn: ShuffledKinds, chance: random.Random, end: RunEnd) -> None:
        """Misbehave in these ways, one after another, until `end`."""
        while not end.has_come():
            await self.misbehave(in_turn.next(), chance)

    async def misbehave(self, name: str, chance: random.Random) -> None:
        """Misbehave in one way."""
        self.record.faults[name] += 1
        with self.record.request(f"client: {name}"), suppress(OSError, asyncio.IncompleteReadError):
            await self.kinds()[name](chance)

    async def _connect(self, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port, **options)

    def _request(self, action: str, body: Any, *, length: int | None = None) -> bytes:
        data = json.dumps(body).encode()
        head = (
            f"POST {path_of(action)} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            "Content-Type: application/json\r\n"
            f"Authorization: Bearer {HOSTILE_KEY}\r\nContent-Length: {length or len(data)}\r\n\r\n"
        )
        return head.encode() + data

    async def _send_and_leave(self, request: bytes, stay_s: float) -> None:
        _, writer = await self._connect()
        try:
            writer.write(request)
            await asyncio.sleep(stay_s)
        finally:
            _abort(writer)

    async def _hang_up_while_sending(self, chance: random.Random) -> None:
        request = self._request("process", _SLOW, length=100_000)
        await self._send_and_leave(request[: chance.randrange(len(request))], chance.uniform(0, 0.3))

    async def _hang_up_while_it_runs(self, chance: random.Random) -> None:
        bodies: list[tuple[str, dict[str, Any]]] = [
            ("process", _SLOW),
            ("canvas", _NOISE | {"duration": 30, "output": "gone.mp4"}),
            ("vmaf", {"input1": "clip.mp4", "input2": "worse.mp4"}),
            ("download", {"input": f"{self.stalled.url}/x.mp4", "output": "gone.bin"}),
        ]
        action, body = chance.choice(bodies)
        await self._send_and_leave(self._request(action, {"timeout": 30, **body}), chance.uniform(0, 2))

    async def _hang_up_while_reading(self, chance: random.Random) -> None:
        reader, writer = await self._connect(limit=1 << 16)
        try:
            writer.write(self._request("canvas_preview", _NOISE))
            async with asyncio.timeout(20):
                await reader.readexactly(chance.randint(1, 200_000))
        except TimeoutError:
            return
        finally:
            _abort(writer)

    async def _never_read(self, chance: random.Random) -> None:
        """Ask for large responses on several connections, and leave them in the server."""
        held = []
        for _ in range(_UNREAD):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setblocking(False)
            await asyncio.get_running_loop().sock_connect(connection, (self.host, self.port))
            await asyncio.get_running_loop().sock_sendall(connection, self._request("canvas_preview", _NOISE))
            held.append(connection)
        await asyncio.sleep(chance.uniform(3, _MAX_UNREAD_S))
        for connection in held:
            connection.close()

    async def _stalled_target(self, chance: random.Random) -> None:
        """Upload to a server that never reads, and hang up."""
        upload = {"url": f"{self.stalled.url}/noise.png"}
        request = self._request("upload", {"input": "noise.png", "upload": upload, "timeout": 20})
        await asyncio.gather(*(self._send_and_leave(request, chance.uniform(0.3, 3)) for _ in range(_CROWD)))

    async def _stalled_source(self, chance: random.Random) -> None:
        body = {"input": f"{self.stalled.url}/x.mp4", "timeout": 2}
        request = self._request("probe", body)
        await asyncio.gather(*(self._send_and_leave(request, chance.uniform(0.3, 4)) for _ in range(_CROWD)))

    async def _idle_connections(self, chance: random.Random) -> None:
        stay_s = chance.uniform(1, 3)
        await asyncio.gather(*(self._send_and_leave(b"", stay_s) for _ in range(5 * _CROWD)))

    async def _trickle(self, chance: random.Random) -> None:
        _, writer = await self._connect()
        try:
            for byte in self._request("process", _SLOW)[: chance.randrange(60)]:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)
        finally:
            _abort(writer)

    async def _odd_framing(self, chance: random.Random) -> None:
        head = f"POST {path_of('probe')} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
        framing = chance.choice(
            [
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                f"X-Long: {'x' * 100_000}\r\n\r\n",
                "Content-Length: -1\r\n\r\n",
                f"Content-Length: {'9' * 4000}\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            ]
        )
        await self._send_and_leave(f"{head}{framing}".encode(), chance.uniform(0, 0.5))


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, as a crashed client does."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    writer.transport.abort()
