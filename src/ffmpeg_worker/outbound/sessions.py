"""Sessions of the HTTP client: one for each request, or kept for the requests of one job to the same server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from ffmpeg_worker import __version__
from ffmpeg_worker.outbound.checked_sockets import CheckedSockets
from ffmpeg_worker.outbound.rules import CONNECT_S, IDLE_S, OutboundRules
from ffmpeg_worker.tasks import finish_then_cancel

_MAX_ORIGINS = 4
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


@dataclass(slots=True)
class KeptSessions:
    """The sessions of one job for one source, by origin: they keep connections, and no other job uses them."""

    rules: OutboundRules
    resolver: AbstractResolver | None = None
    _sessions: dict[URL, CheckedSession] = field(default_factory=dict, init=False)

    def find(self, url: URL) -> CheckedSession | None:
        """The session for a server; `None` if there are too many servers already."""
        origin = url.origin()
        if origin not in self._sessions:
            if len(self._sessions) == _MAX_ORIGINS:
                return None
            self._sessions[origin] = open_session(self.rules, self.resolver, url.host or "", is_kept=True)
        found = self._sessions[origin]
        found.sockets.forget()
        return found

    async def close(self) -> None:
        """Close all connections."""
        sessions, self._sessions = list(self._sessions.values()), {}
        await finish_then_cancel(asyncio.gather(*(kept.session.close() for kept in sessions)))
