"""Reads the body of an answer into the caller's memory, past the parser of the HTTP client.

The client copies each byte of a body three times, into memory that is new each time. A body of known length needs
no parser: once the head has been parsed, the bytes are received where the caller wants them.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from typing import TYPE_CHECKING

import aiohttp

from ffmpeg_worker.outbound.rules import IDLE_S

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler


class BodyReader:
    """Reads the body of one answer, of `size` bytes; the connection can be used again afterwards."""

    def __init__(self, response: aiohttp.ClientResponse, size: int) -> None:
        self._response = response
        self._left = size
        self._buffered: deque[memoryview] = deque()
        self._direct: _DirectBody | None = None
        if response.content_length == size and "Transfer-Encoding" not in response.headers:
            self._take_over()

    async def read_into(self, buffer: memoryview) -> int:
        """Wait for bytes, and write as many as there are to `buffer`, which is not empty.

        Returns:
            How many; 0 at the end of the body. A body without a declared length may be longer than `size`.

        Raises:
            aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError: the body cannot be read to its end.
        """
        if self._direct is not None and not self._buffered:
            count = await self._direct.receive(buffer[: self._left])
        else:
            if not self._buffered:
                self._buffered.append(memoryview(await self._response.content.readany()))
            count = self._take_buffered(buffer)
        self.note_received(count)
        return count

    @property
    def connection(self) -> int | None:
        """The socket at which the next bytes arrive as they are; `None`: only `read_into` gets them."""
        return None if self._direct is None or self._buffered else self._direct.connection

    def note_received(self, count: int) -> None:
        """Note that so many bytes were taken from the socket."""
        self._left -= count
        if self._direct is not None and not self._left:
            self._direct.give_back()
            self._direct = None
            self._response.content.feed_eof()

    def _take_buffered(self, buffer: memoryview) -> int:
        block = self._buffered.popleft()
        count = min(len(block), len(buffer))
        buffer[:count] = block[:count]
        if count < len(block):
            self._buffered.appendleft(block[count:])
        return count

    def _take_over(self) -> None:
        """Receive the bytes that the parser has not got yet without it."""
        content, arrived = self._response.content, 0
        while block := content.read_nowait():
            self._buffered.append(memoryview(block))
            arrived += len(block)
        connection = self._response.connection
        if connection is None or connection.protocol is None or content.is_eof() or arrived >= self._left:
            return
        transport = connection.transport
        if transport is not None and not transport.is_closing():
            self._direct = _DirectBody(connection.protocol, transport)


class _DirectBody(asyncio.BufferedProtocol):
    """Takes the place of the client's protocol while the body arrives.

    The transport is paused unless `receive` waits.
    """

    def __init__(self, client: ResponseHandler, transport: asyncio.Transport) -> None:
        self._client = client
        self._transport = transport
        self._buffer: memoryview | None = None
        self._count = 0
        self._arrived = asyncio.Event()
        self._error: Exception | None = None
        is_plain = transport.get_extra_info("sslcontext") is None
        self._descriptor = transport.get_extra_info("socket").fileno() if is_plain else None
        client.read_timeout = None  # the client would miss the bytes that it does not get
        client.start_timeout()
        transport.pause_reading()
        transport.set_protocol(self)

    async def receive(self, buffer: memoryview) -> int:
        """Wait for bytes, and write as many as there are to `buffer`. Errors as for `BodyReader.read_into`."""
        if (connection := self.connection) is not None:
            try:
                if count := os.readv(connection, [buffer]):
                    return count
            except BlockingIOError:
                pass
        self._buffer, self._count = buffer, 0
        try:
            if self._error is None:
                self._arrived.clear()
                self._transport.resume_reading()
                async with asyncio.timeout(IDLE_S):
                    await self._arrived.wait()
        finally:
            self._buffer = None
            self._transport.pause_reading()
        if not self._count:
            raise self._error or aiohttp.ClientPayloadError("The connection has ended before the body.")
        return self._count

    @property
    def connection(self) -> int | None:
        """See `BodyReader.connection`."""
        return None if self._error is not None or self._transport.is_closing() else self._descriptor

    def give_back(self) -> None:
        """Let the client have the connection again, after the last byte of the body."""
        self._transport.set_protocol(self._client)
        self._transport.resume_reading()

    def get_buffer(self, _size: int) -> memoryview:
        """See asyncio.BufferedProtocol."""
        if self._buffer is None:
            raise RuntimeError("The transport should be paused.")
        return self._buffer[self._count :]

    def buffer_updated(self, count: int) -> None:
        """See asyncio.BufferedProtocol."""
        self._count += count
        self._transport.pause_reading()
        self._arrived.set()

    def eof_received(self) -> None:
        """See asyncio.BufferedProtocol."""
        self._client.eof_received()
        self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.BufferedProtocol."""
        self._end(error)
        self._client.connection_lost(error)

    def pause_writing(self) -> None:
        """See asyncio.BufferedProtocol."""
        self._client.pause_writing()

    def resume_writing(self) -> None:
        """See asyncio.BufferedProtocol."""
        self._client.resume_writing()

    def _end(self, error: Exception | None) -> None:
        if self._error is None:
            self._error = error or aiohttp.ClientPayloadError("The connection has ended before the body.")
        self._arrived.set()
