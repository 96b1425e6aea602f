"""Sessions of the HTTP client that the requests of one job use one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp.abc import AbstractResolver
from yarl import URL

from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.outbound.sessions import CheckedSession, open_session


class LeasedSessions:
    """Sessions that serve one request at a time and are kept for the next one to the same server.

    A request that fails or is cancelled closes its connection without harm to others. New connections are checked
    as those of single requests are.
    """

    def __init__(self, rules: OutboundRules, resolver: AbstractResolver | None) -> None:
        self._rules = rules
        self._resolver = resolver
        self._idle: dict[URL, list[CheckedSession]] = {}
        self._is_closed = False

    @asynccontextmanager
    async def lease(self, url: URL) -> AsyncIterator[CheckedSession]:
        """A session for one request."""
        idle = self._idle.setdefault(url.origin(), [])
        leased = idle.pop() if idle else open_session(self._rules, self._resolver, url.host or "", is_kept=True)
        leased.sockets.forget()
        is_kept = False
        try:
            yield leased
            is_kept = not self._is_closed
        finally:
            if is_kept:
                idle.append(leased)
            else:
                await _close(leased)

    async def close(self) -> None:
        """Close all connections; sessions in use are closed when their request ends."""
        self._is_closed = True
        kept = [leased for idle in self._idle.values() for leased in idle]
        self._idle.clear()
        await asyncio.gather(*map(_close, kept))


async def _close(leased: CheckedSession) -> None:
    leased.sockets.abort()
    await leased.session.close()
