"""The egress proxy: an HTTP proxy on loopback that checks every address.

Clients that open their own connections, such as obstore, use it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver

from ffmpeg_worker.outbound.proxy_request import (
    ProxyRequest,
    Rejected,
    is_ip,
    read_request,
    send_error,
    split_authority,
)
from ffmpeg_worker.outbound.relay import Relay, open_relay
from ffmpeg_worker.outbound.rules import ANSWER_S, CONNECT_S, IDLE_S, OutboundRules
from ffmpeg_worker.tasks import cancel_and_wait

MAX_CONNECTIONS = 256
RESTRICTED_UPLOAD_BYTES = 64 << 10


class ProxyTicket:
    """The credential of one client of the egress proxy; it expires with its last reference."""

    def __init__(self, address: str) -> None:
        self.token = secrets.token_urlsafe(24)
        self.url = f"http://pass:{self.token}@{address}"
        """The client's proxy URL. It contains the token, so it must not be logged."""
        self.refused = asyncio.Event()
        """Set when the client has requested an address that is not allowed."""
        self._relays: set[Relay] = set()
        self._max_upload_bytes: int | None = None

    def __repr__(self) -> str:
        return "ProxyTicket()"

    def restrict_uploads(self) -> None:
        """From now on, cut off connections that upload more than a small request, such as one that deletes."""
        self._max_upload_bytes = RESTRICTED_UPLOAD_BYTES
        for relay in self._relays:
            relay.limit_sending(self._max_upload_bytes)

    def close_connections(self) -> None:
        """Close all connections immediately: a server that reads nothing would keep them open."""
        for relay in self._relays:
            relay.break_off()

    async def run_relay(self, relay: Relay) -> None:
        """Relay until the connection ends; this keeps the ticket alive."""
        if self._max_upload_bytes is not None:
            relay.limit_sending(self._max_upload_bytes)
        self._relays.add(relay)
        try:
            await relay.run()
        finally:
            self._relays.discard(relay)


class EgressProxy:
    """Issues tickets, and serves clients that have one."""

    def __init__(self, rules: OutboundRules, address: str, resolver: AbstractResolver) -> None:
        """`address`: `host:port` that clients connect to."""
        self.allow_http = rules.allow_http
        self._rules = rules
        self._address = address
        self._resolver = resolver
        self._tickets: WeakValueDictionary[bytes, ProxyTicket] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    def issue_ticket(self) -> ProxyTicket:
        """A new ticket with its own secret."""
        ticket = ProxyTicket(self._address)
        self._tickets[base64.b64encode(f"pass:{ticket.token}".encode())] = ticket
        return ticket

    def serve(self, client: socket.socket) -> None:
        """Serve a connection in the background; connections above the limit are closed."""
        if len(self._tasks) >= MAX_CONNECTIONS:
            client.close()
            return
        task = asyncio.ensure_future(self._serve(client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Close all connections."""
        await cancel_and_wait(*self._tasks)

    async def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                async with asyncio.timeout(ANSWER_S):
                    request = await read_request(client)
                    ticket = self._find_ticket(request)
                    head = request.forwarded_head()
                    server = await self._connect(request, ticket)
            except Rejected as rejected:
                with contextlib.suppress(OSError):
                    await send_error(client, rejected.status)
                return
            except OSError:
                return
            async with open_relay(client, server, IDLE_S * 2) as relay:
                if request.is_tunnel:
                    relay.client.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                relay.server.write(head + request.rest)
                await ticket.run_relay(relay)

    def _find_ticket(self, request: ProxyRequest) -> ProxyTicket:
        # The timing of looking up a random 24-byte token reveals nothing useful.
        ticket = self._tickets.get(request.credentials or b"")
        if ticket is None:
            raise Rejected(407)
        return ticket

    async def _connect(self, request: ProxyRequest, ticket: ProxyTicket) -> socket.socket:
        """Connect to the first address of the host that is allowed and answers."""
        authority = request.authority
        found = split_authority(authority) if request.is_tunnel or self._rules.allow_http else None
        if found is None:
            raise _refuse(ticket)
        host, port = found
        addresses = [host] if is_ip(host) else await self._resolve(host, port)
        allowed = [address for address in addresses if self._rules.allows(address, port, host)]
        if addresses and not allowed:
            raise _refuse(ticket)
        for address in allowed:
            # By IP address: resolving the name again could give another address than the one that was checked.
            server = await _open_connection(address, port)
            if server is not None:
                return server
        raise Rejected(502)

    async def _resolve(self, host: str, port: int) -> list[str]:
        try:
            found = await self._resolver.resolve(host, port, socket.AF_UNSPEC)
        except (OSError, UnicodeError):
            raise Rejected(502) from None
        return [entry["host"] for entry in found]


def _refuse(ticket: ProxyTicket) -> Rejected:
    ticket.refused.set()
    return Rejected(403)


async def _open_connection(address: str, port: int) -> socket.socket | None:
    """Connect to an IP address; `None` if it does not answer."""
    server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    server.setblocking(False)
    try:
        async with asyncio.timeout(CONNECT_S):
            await asyncio.get_running_loop().sock_connect(server, (address, port))
    except OSError:
        server.close()
        return None
    except BaseException:
        server.close()
        raise
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


@asynccontextmanager
async def open_egress_proxy(
    rules: OutboundRules, resolver: AbstractResolver | None = None
) -> AsyncIterator[EgressProxy]:
    """Listen on a free port of 127.0.0.1; on exit all connections are closed."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        listener.setblocking(False)
        address = "{}:{}".format(*listener.getsockname())
        proxy = EgressProxy(rules, address, resolver or ThreadedResolver())
        accepting = asyncio.ensure_future(_accept(listener, proxy))
        try:
            yield proxy
        finally:
            await cancel_and_wait(accepting)
            await proxy.close()


async def _accept(listener: socket.socket, proxy: EgressProxy) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            client, _ = await loop.sock_accept(listener)
        except OSError:  # out of file descriptors, or the client has closed the connection
            await asyncio.sleep(0.1)
            continue
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        proxy.serve(client)
