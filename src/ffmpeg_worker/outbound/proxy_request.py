"""Requests to the egress proxy: reading a head, and building the head that is sent on."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from dataclasses import dataclass

_MAX_HEAD_BYTES = 64 << 10
_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?\.?", re.IGNORECASE
)
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/\\%\s]+):(\d{1,5})", re.IGNORECASE)
_PLAIN_TARGET = re.compile(r"http://([^/?#]+)([/?].*)?", re.IGNORECASE)
_HOP_BY_HOP = frozenset(
    b"proxy-authorization proxy-connection proxy-authenticate connection keep-alive host".split()
)
_REASONS = {400: "Bad Request", 403: "Forbidden", 407: "Proxy Authentication Required", 502: "Bad Gateway"}


class Rejected(Exception):
    """The request is answered with an error status and not sent on."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """The head of a request."""

    method: str
    target: str
    headers: list[bytes]
    """Header lines, unparsed."""
    rest: bytes
    """What was received after the head."""

    @property
    def is_tunnel(self) -> bool:
        """Whether it asks for a tunnel (CONNECT)."""
        return self.method == "CONNECT"

    @property
    def credentials(self) -> bytes | None:
        """The value of Basic proxy authorization; `None` without exactly one."""
        given = [line for line in self.headers if _name(line) == b"proxy-authorization"]
        value = given[0].partition(b":")[2].strip() if len(given) == 1 else b""
        scheme, _, secret = value.partition(b" ")
        return secret.strip() if scheme.lower() == b"basic" else None

    @property
    def authority(self) -> str:
        """`host:port` of the server.

        Raises:
            Rejected: 400, the target is not an http:// URL.
        """
        if self.is_tunnel:
            return self.target
        host = self._plain_target()[1]
        return host if re.search(r":\d+$", host) else f"{host}:80"

    def forwarded_head(self) -> bytes:
        """The head for the server itself; empty for a tunnel. The connection serves one request only.

        Raises:
            Rejected: 400, malformed headers.
        """
        if self.is_tunnel:
            return b""
        match = self._plain_target()
        path = match[2] or "/"
        path = path if path.startswith("/") else f"/{path}"
        kept = [line for line in self.headers if _name(line) not in _HOP_BY_HOP]
        if any(b":" not in line or line[:1] in b" \t" for line in kept):
            raise Rejected(400)
        own = [f"{self.method} {path} HTTP/1.1".encode(), f"Host: {match[1]}".encode(), b"Connection: close"]
        return b"\r\n".join([*own, *kept, b"", b""])

    def _plain_target(self) -> re.Match[str]:
        match = _PLAIN_TARGET.fullmatch(self.target)
        if match is None:
            raise Rejected(400)
        return match


async def read_request(client: socket.socket) -> ProxyRequest:
    """Receive the head of a request.

    Raises:
        Rejected: 400, it is malformed or too long.
        OSError: the connection failed.
    """
    loop = asyncio.get_running_loop()
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        chunk = await loop.sock_recv(client, 1 << 16)
        if not chunk or len(data) > _MAX_HEAD_BYTES:
            raise Rejected(400)
        data += chunk
    lines = bytes(data[:end]).split(b"\r\n")
    if any(b"\n" in line or b"\r" in line or b"\0" in line for line in lines):
        raise Rejected(400)
    try:
        method, target, version = lines[0].decode("ascii").split(" ")
    except ValueError:
        raise Rejected(400) from None
    if version not in {"HTTP/1.1", "HTTP/1.0"}:
        raise Rejected(400)
    return ProxyRequest(method, target, lines[1:], bytes(data[end + 4 :]))


async def send_error(client: socket.socket, status: int) -> None:
    """Answer a request with an error status. Raises OSError."""
    more = 'Proxy-Authenticate: Basic realm="egress"\r\n' if status == 407 else ""
    text = f"HTTP/1.1 {status} {_REASONS[status]}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n"
    await asyncio.get_running_loop().sock_sendall(client, text.encode())


def split_authority(authority: str) -> tuple[str, int] | None:
    """Host and port of `host:port`; `None` if it is malformed."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return None
    host = match[1].strip("[]")
    is_valid = 0 < int(match[2]) < 65536 and (is_ip(host) or _NAME.fullmatch(host))
    return (host, int(match[2])) if is_valid else None


def is_ip(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()
