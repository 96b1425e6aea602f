"""The HTTP client that a job keeps: requests one after the other use one connection, with all checks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from ipaddress import ip_network

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from ffmpeg_worker.errors import AddressNotAllowed
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.rules import OutboundRules
from support.servers.serve_app import serve_handler
from support.wait_until import until_async

RULES = OutboundRules(allow_http=True, allow_cidrs=(ip_network("127.0.0.1/32"),))


class Server:
    """Counts connections; `/broken` breaks off."""

    def __init__(self) -> None:
        self.url = ""
        self.transports: list[object] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        if request.transport not in self.transports:
            self.transports.append(request.transport)
        await request.read()
        if request.path == "/broken":
            request.transport.abort()
        return web.Response(text="done")

    def open_connections(self) -> int:
        return sum(not transport.is_closing() for transport in self.transports)  # type: ignore[attr-defined]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    started = Server()
    async with serve_handler(started.answer) as started.url:
        yield started


async def put(client: OutboundClient, url: str) -> None:
    async with client.send("PUT", url, {}, b"data") as response:
        await response.read()


async def test_requests_one_after_the_other_use_one_connection(server: Server) -> None:
    async with aclosing(OutboundClient(RULES).keep_connections()) as client:
        for _ in range(3):
            await put(client, f"{server.url}/a")
        assert len(server.transports) == 1
    await until_async(lambda: server.open_connections() == 0)


async def test_without_it_each_has_its_own(server: Server) -> None:
    for _ in range(2):
        await put(OutboundClient(RULES), f"{server.url}/a")
    assert len(server.transports) == 2


async def test_a_connection_that_failed_is_not_used_again(server: Server) -> None:
    async with aclosing(OutboundClient(RULES).keep_connections()) as client:
        await put(client, f"{server.url}/a")
        with pytest.raises(aiohttp.ClientError):
            await put(client, f"{server.url}/broken")
        await put(client, f"{server.url}/a")
        assert server.open_connections() == 1


async def test_other_addresses_are_refused_as_before(server: Server) -> None:
    async with aclosing(OutboundClient(RULES).keep_connections()) as client:
        await put(client, f"{server.url}/a")
        for address in ("http://127.0.0.2:80/", "http://169.254.169.254/"):
            with pytest.raises(AddressNotAllowed):
                await put(client, address)


async def test_a_caller_that_is_cancelled_while_it_closes_leaves_no_connection(server: Server) -> None:
    client = OutboundClient(RULES).keep_connections()
    await put(client, server.url)
    assert server.open_connections() == 1
    closing = asyncio.ensure_future(client.aclose())
    await asyncio.sleep(0)  # it has begun
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await until_async(lambda: server.open_connections() == 0)
