"""Sessions of the HTTP client, whose connections lead to allowed addresses."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver

from ffmpeg_worker import __version__
from ffmpeg_worker.outbound.checked_sockets import CheckedSockets
from ffmpeg_worker.outbound.rules import CONNECT_S, IDLE_S, OutboundRules

_KEEP_ALIVE_S = 20.0


@dataclass(frozen=True, slots=True)
class CheckedSession:
    """A session whose connections lead to allowed addresses of one host."""

    session: aiohttp.ClientSession
    sockets: CheckedSockets


def open_session(
    rules: OutboundRules, resolver: AbstractResolver | None, host: str, *, is_kept: bool = False
) -> CheckedSession:
    """Open a session, which the caller closes; its connections serve one request each unless it `is_kept`."""
    sockets = CheckedSockets(rules, host)
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        socket_factory=sockets.open,
        use_dns_cache=False,
        force_close=not is_kept,
        keepalive_timeout=_KEEP_ALIVE_S if is_kept else None,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": f"ffmpeg-worker/{__version__}", "Accept-Encoding": "identity"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=IDLE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        read_bufsize=1 << 18,
    )
    return CheckedSession(session, sockets)
