"""Sessions of the HTTP client that are kept, so that requests one after the other use one connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp.abc import AbstractResolver
from yarl import URL

from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.outbound.sessions import CheckedSession, open_session
from ffmpeg_worker.tasks import finish_then_cancel

_MAX_IDLE = 16
"""More are not kept: a source may redirect each request to another server."""


class KeptSessions:
    """Sessions that serve one request at a time and are kept for the next one to the same server.

    A request that fails or is cancelled closes its connection without harm to others. New connections are checked
    as those of single requests are.
    """

    def __init__(self, rules: OutboundRules, resolver: AbstractResolver | None) -> None:
        self._rules = rules
        self._resolver = resolver
        self._idle: list[tuple[URL, CheckedSession]] = []
        """By origin; the one that was used last is the last."""
        self._is_closed = False

    @asynccontextmanager
    async def lease(self, url: URL) -> AsyncIterator[CheckedSession]:
        """A session for one request."""
        origin = url.origin()
        leased = self._take(origin) or open_session(self._rules, self._resolver, url.host or "", is_kept=True)
        leased.sockets.forget()
        is_kept = False
        try:
            yield leased
            is_kept = not self._is_closed
        finally:
            if is_kept:
                self._idle.append((origin, leased))
                if len(self._idle) > _MAX_IDLE:
                    await _close(self._idle.pop(0)[1])
            else:
                await _close(leased)

    async def close(self) -> None:
        """Close all connections, even if the caller is cancelled; those in use end with their request."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        await finish_then_cancel(asyncio.gather(*(_close(kept) for _, kept in idle)))

    def _take(self, origin: URL) -> CheckedSession | None:
        for number in reversed(range(len(self._idle))):
            if self._idle[number][0] == origin:
                return self._idle.pop(number)[1]
        return None


async def _close(kept: CheckedSession) -> None:
    kept.sockets.abort()
    await kept.session.close()
