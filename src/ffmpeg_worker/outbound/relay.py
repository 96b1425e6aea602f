"""Relays bytes between two connections, in both directions."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

_BUFFER_BYTES = 128 << 10
_HIGH_WATER_BYTES = 256 << 10


class Relay:
    """Relays two connections until both have ended, one fails, or neither sends anything for `idle_s` seconds."""

    def __init__(self, idle_s: float) -> None:
        # Received bytes are passed on before anything else is received, so that both ends can use one buffer.
        self.buffer = bytearray(_BUFFER_BYTES)
        self.client, self.server = _End(self), _End(self)
        self.client.other, self.server.other = self.server, self.client
        self._idle_s = idle_s
        self._moved = False
        self._left_to_send: int | None = None

    def limit_sending(self, size: int) -> None:
        """Close both connections once the client has sent more than `size` further bytes."""
        self._left_to_send = size

    async def run(self) -> None:
        """Wait until both connections are closed."""
        while True:
            self._moved = False
            try:
                async with asyncio.timeout(self._idle_s):
                    await self.client.closed.wait()
                    await self.server.closed.wait()
                    return
            except TimeoutError:
                if not self._moved:
                    return

    def count(self, end: _End, size: int) -> None:
        """Count `size` bytes that an end has sent."""
        self._moved = True
        if self._left_to_send is not None and end is self.client:
            self._left_to_send -= size
            if self._left_to_send < 0:
                self.break_off()

    def ended(self) -> None:
        """An end has finished sending; once both have, close them after sending what is buffered."""
        if self.client.has_ended and self.server.has_ended:
            self.client.close()
            self.server.close()

    def break_off(self) -> None:
        """Close both immediately."""
        self.client.abort()
        self.server.abort()


class _End(asyncio.BufferedProtocol):
    """One of the two connections."""

    other: _End
    _transport: asyncio.Transport

    def __init__(self, relay: Relay) -> None:
        self.has_ended = False
        self._relay = relay
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES)
        # Nothing is read before the other end is connected and can accept it.
        self._transport.pause_reading()

    def pause(self) -> None:
        """Stop reading, until `resume`."""
        if not self.has_ended:
            self._transport.pause_reading()

    def resume(self) -> None:
        if not self.has_ended:
            self._transport.resume_reading()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002  (as the base has it)
        return self._relay.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._relay.count(self, nbytes)
        # A copy: a transport may keep a reference to data that it cannot send at once.
        self.other.write(bytes(memoryview(self._relay.buffer)[:nbytes]))

    def write(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def pause_writing(self) -> None:
        self.other.pause()

    def resume_writing(self) -> None:
        self.other.resume()

    def eof_received(self) -> bool:
        self.has_ended = True
        self.other.end()
        self._relay.ended()
        return True  # the other direction stays open

    def end(self) -> None:
        """Signal the end of the data."""
        if not self._transport.is_closing():
            self._transport.write_eof()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        self.closed.set()
        self.other.close()

    def close(self) -> None:
        """Close after sending what is buffered."""
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()


@asynccontextmanager
async def open_relay(client: socket.socket, server: socket.socket, idle_s: float) -> AsyncIterator[Relay]:
    """Start to relay between two connected sockets; on exit both are closed."""
    loop = asyncio.get_running_loop()
    relay = Relay(idle_s)
    with server:
        await loop.create_connection(lambda: relay.server, sock=server)
        await loop.create_connection(lambda: relay.client, sock=client)
        try:
            relay.client.resume()
            relay.server.resume()
            yield relay
        finally:
            relay.break_off()
