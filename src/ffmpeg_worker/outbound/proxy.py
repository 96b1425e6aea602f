"""The way out for clients that connect by themselves: a proxy on loopback which looks at every address."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import re
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver

from ffmpeg_worker.outbound.relay import Relay, open_relay
from ffmpeg_worker.outbound.rules import ANSWER_S, CONNECT_S, IDLE_S, OutboundRules
from ffmpeg_worker.tasks import cancel_and_wait

MAX_CONNECTIONS = 256
SMALL_BYTES = 64 << 10

_MAX_HEAD_BYTES = 64 << 10
_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?\.?", re.IGNORECASE
)
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/\\%\s]+):(\d{1,5})", re.IGNORECASE)
_PLAIN_TARGET = re.compile(r"http://([^/?#]+)([/?].*)?", re.IGNORECASE)
_REASONS = {400: "Bad Request", 403: "Forbidden", 407: "Proxy Authentication Required", 502: "Bad Gateway"}


class _Answered(Exception):
    """The request is answered with a status and goes no further."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ProxyTicket:
    """Lets one client through; `url` is what the client uses as its proxy. It ends with its last reference."""

    def __init__(self, address: str) -> None:
        self.token = secrets.token_urlsafe(24)
        self.url = f"http://pass:{self.token}@{address}"
        """Holds the token: not for logs."""
        self.refused = asyncio.Event()
        """Set when an address was asked for that is not allowed."""
        self._relays: set[Relay] = set()
        self._limit: int | None = None

    def __repr__(self) -> str:
        return "ProxyTicket()"

    def restrict_uploads(self) -> None:
        """Let small requests through only, such as those that take an upload back; what is larger is cut off."""
        self._limit = SMALL_BYTES
        for relay in self._relays:
            relay.limit_sending(self._limit)

    async def carry(self, relay: Relay) -> None:
        """Hold the pass for as long as a connection lives."""
        if self._limit is not None:
            relay.limit_sending(self._limit)
        self._relays.add(relay)
        try:
            await relay.run()
        finally:
            self._relays.discard(relay)


class EgressProxy:
    """Gives out passes; nobody without one gets through."""

    def __init__(self, rules: OutboundRules, resolver: AbstractResolver | None = None) -> None:
        self.allow_http = rules.allow_http
        self._rules = rules
        self._resolver = resolver
        self._address = ""
        self._passes: WeakValueDictionary[bytes, ProxyTicket] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    def issue_ticket(self) -> ProxyTicket:
        """A pass of one client, with a secret of its own."""
        made = ProxyTicket(self._address)
        self._passes[base64.b64encode(f"pass:{made.token}".encode())] = made
        return made

    def listen_at(self, address: str) -> None:
        """Where clients find it, `host:port`."""
        self._address = address

    def serve(self, client: socket.socket) -> None:
        """Take care of a connection; one too many is dropped."""
        if len(self._tasks) >= MAX_CONNECTIONS:
            client.close()
            return
        task = asyncio.ensure_future(self._serve(client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cut off whoever is connected."""
        await cancel_and_wait(*self._tasks)

    async def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                async with asyncio.timeout(ANSWER_S):
                    head, rest = await _read_head(client)
                    holder = self._holder(head)
                    server, first = await self._connect(head, holder)
            except _Answered as answered:
                with contextlib.suppress(OSError):
                    await _answer(client, answered.status)
                return
            except (OSError, TimeoutError):
                return
            async with open_relay(client, server, IDLE_S * 2) as relay:
                if first:
                    relay.send(first + rest)
                else:
                    relay.answer(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    relay.send(rest)
                await holder.carry(relay)

    def _holder(self, head: list[bytes]) -> ProxyTicket:
        given = [_value(line) for line in head[1:] if _is_named(line, b"proxy-authorization")]
        scheme, _, secret = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        # A look-up by a random 24-byte token tells nothing useful by its time.
        holder = self._passes.get(secret.strip()) if scheme.lower() == b"basic" else None
        if holder is None:
            raise _Answered(407)
        return holder

    async def _connect(self, head: list[bytes], holder: ProxyTicket) -> tuple[socket.socket, bytes]:
        """The connection that a request asks for, and what is to be sent on it first."""
        try:
            method, target, version = head[0].decode("ascii").split(" ")
        except ValueError:
            raise _Answered(400) from None
        if version not in {"HTTP/1.1", "HTTP/1.0"}:
            raise _Answered(400)
        if method == "CONNECT":
            return await self._dial(*self._place(target, holder), holder), b""
        match = _PLAIN_TARGET.fullmatch(target)
        if match is None:
            raise _Answered(400)
        if not self._rules.allow_http:
            raise self._refusal(holder)
        authority = match[1] if re.search(r":\d+$", match[1]) else f"{match[1]}:80"
        server = await self._dial(*self._place(authority, holder), holder)
        path = match[2] or "/"
        return server, _plain_head(method, path if path.startswith("/") else f"/{path}", match[1], head[1:])

    def _place(self, authority: str, holder: ProxyTicket) -> tuple[str, int]:
        match = _AUTHORITY.fullmatch(authority)
        host = match[1].strip("[]") if match else ""
        if match is None or not 0 < int(match[2]) < 65536 or not (_is_ip(host) or _NAME.fullmatch(host)):
            raise self._refusal(holder)
        return host, int(match[2])

    async def _dial(self, host: str, port: int, holder: ProxyTicket) -> socket.socket:
        """Connect to the first address of a host that is allowed and answers; the name is not asked for again."""
        addresses = [host] if _is_ip(host) else await self._look_up(host, port)
        allowed = [address for address in addresses if self._rules.allows(address, port, host)]
        if addresses and not allowed:
            raise self._refusal(holder)
        loop = asyncio.get_running_loop()
        for address in allowed:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            server = socket.socket(family, socket.SOCK_STREAM)
            server.setblocking(False)
            try:
                async with asyncio.timeout(CONNECT_S):
                    await loop.sock_connect(server, (address, port))
            except BaseException as error:
                server.close()
                if not isinstance(error, OSError | TimeoutError):
                    raise
            else:
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return server
        raise _Answered(502)

    async def _look_up(self, host: str, port: int) -> list[str]:
        if self._resolver is None:
            self._resolver = ThreadedResolver()
        try:
            found = await self._resolver.resolve(host, port, socket.AF_UNSPEC)
        except (OSError, UnicodeError):
            raise _Answered(502) from None
        return [entry["host"] for entry in found]

    def _refusal(self, holder: ProxyTicket) -> _Answered:
        holder.refused.set()
        return _Answered(403)


@asynccontextmanager
async def open_egress_proxy(
    rules: OutboundRules, resolver: AbstractResolver | None = None
) -> AsyncIterator[EgressProxy]:
    """Listen on a free port of 127.0.0.1; all connections are cut off at the end."""
    proxy = EgressProxy(rules, resolver)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    listener.setblocking(False)
    proxy.listen_at("{}:{}".format(*listener.getsockname()))
    accepting = asyncio.ensure_future(_accept(listener, proxy))
    try:
        yield proxy
    finally:
        await cancel_and_wait(accepting)
        listener.close()
        await proxy.close()


async def _accept(listener: socket.socket, proxy: EgressProxy) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            client, _ = await loop.sock_accept(listener)
        except OSError:  # out of file descriptors, or the client was gone before it was taken
            await asyncio.sleep(0.1)
            continue
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        proxy.serve(client)


async def _read_head(client: socket.socket) -> tuple[list[bytes], bytes]:
    """The lines of a request's head, and what came after it."""
    loop = asyncio.get_running_loop()
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        chunk = await loop.sock_recv(client, 1 << 16)
        if not chunk or len(data) > _MAX_HEAD_BYTES:
            raise _Answered(400)
        data += chunk
    lines = bytes(data[:end]).split(b"\r\n")
    if any(b"\n" in line or b"\r" in line or b"\0" in line for line in lines):
        raise _Answered(400)
    return lines, bytes(data[end + 4 :])


async def _answer(client: socket.socket, status: int) -> None:
    more = 'Proxy-Authenticate: Basic realm="egress"\r\n' if status == 407 else ""
    text = f"HTTP/1.1 {status} {_REASONS[status]}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n"
    await asyncio.get_running_loop().sock_sendall(client, text.encode())


def _plain_head(method: str, path: str, host: str, headers: list[bytes]) -> bytes:
    """The request as the server itself gets it, for one request on this connection."""
    dropped = (
        b"proxy-authorization",
        b"proxy-connection",
        b"proxy-authenticate",
        b"connection",
        b"keep-alive",
        b"host",
    )
    kept = [line for line in headers if not any(_is_named(line, name) for name in dropped)]
    if any(b":" not in line or line[:1] in b" \t" for line in kept):
        raise _Answered(400)
    own = [f"{method} {path} HTTP/1.1".encode(), f"Host: {host}".encode(), b"Connection: close"]
    return b"\r\n".join([*own, *kept, b"", b""])


def _is_named(line: bytes, name: bytes) -> bool:
    return line.partition(b":")[0].strip().lower() == name


def _value(line: bytes) -> bytes:
    return line.partition(b":")[2].strip()


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
