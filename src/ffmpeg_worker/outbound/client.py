"""The HTTP client for addresses of callers: it reaches public hosts, and those that the operator allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from ffmpeg_worker.outbound.addresses import follow_redirect, read_address, refuse_address
from ffmpeg_worker.outbound.checked_sockets import CheckedSockets
from ffmpeg_worker.outbound.headers import check_headers
from ffmpeg_worker.outbound.kept_sessions import KeptSessions
from ffmpeg_worker.outbound.rules import ANSWER_S, OutboundRules
from ffmpeg_worker.outbound.sessions import CheckedSession, open_session

MAX_REDIRECTS = 5

_REDIRECTS = {301, 302, 303, 307, 308}


class OutboundClient:
    """Sends requests to addresses of callers.

    It uses no proxy, cookie or credential of the worker. Each request has its own connection, except those of a
    client that keeps its connections.
    """

    def __init__(
        self, rules: OutboundRules, resolver: AbstractResolver | None = None, *, keeps_connections: bool = False
    ) -> None:
        self._rules = rules
        self._resolver = resolver
        self._kept = KeptSessions(rules, resolver) if keeps_connections else None

    def keep_connections(self) -> OutboundClient:
        """A client whose requests one after the other to one server use one connection; the caller closes it.

        An answer that is not read to its end closes its connection.
        """
        return OutboundClient(self._rules, self._resolver, keeps_connections=True)

    async def aclose(self) -> None:
        """Close the connections that are kept."""
        if self._kept is not None:
            await self._kept.close()

    @asynccontextmanager
    async def get(
        self, address: str, headers: Mapping[str, str], own_headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """GET an address, following redirects; yields the answer, whose body has not been read.

        Args:
            address: URL as the caller wrote it.
            headers: the caller's; dropped when a redirect leads to another host, port or scheme.
            own_headers: the worker's; kept across redirects.

        Raises:
            AddressNotAllowed: for this address, or one that it redirects to.
            InvalidJob: a header that may not be set.
            aiohttp.ClientError, TimeoutError: no answer. Do not show their texts, which contain addresses.
        """
        check_headers(headers)
        url = self._read(address)
        for _ in range(MAX_REDIRECTS + 1):
            sent = {**headers, **own_headers}
            async with self._request("GET", url, sent, address, ANSWER_S) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECTS or location is None:
                    yield response
                    return
            following = follow_redirect(url, location, address, self._rules)
            if following.origin() != url.origin():
                headers = {}
            url = following
        raise refuse_address(address, f"it redirects more than {MAX_REDIRECTS} times", "Give the final address.")

    @asynccontextmanager
    async def put(
        self,
        address: str,
        headers: Mapping[str, str],
        own_headers: Mapping[str, str],
        body: AsyncIterable[bytes],
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """PUT to an address; yields the answer. Redirects are not followed. Errors as for `get`.

        `own_headers` include `Content-Length` and repeat no header of the caller. There is no timeout for sending
        `body`.
        """
        check_headers(headers)
        sent = {**headers, **own_headers}
        async with self._request("PUT", self._read(address), sent, address, None, body) as response:
            yield response

    @asynccontextmanager
    async def post(
        self, address: str, headers: Mapping[str, str], own_headers: Mapping[str, str], body: bytes
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """POST to an address; yields the answer. Redirects are not followed. Errors as for `get`.

        `own_headers` include `Content-Type`.
        """
        check_headers(headers)
        sent = {**headers, **own_headers}
        async with self._request("POST", self._read(address), sent, address, ANSWER_S, body) as response:
            yield response

    @asynccontextmanager
    async def send(
        self, method: str, address: str, own_headers: Mapping[str, str], body: AsyncIterable[bytes] | bytes | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request that the worker itself has made; yields the answer. Errors as for `get`.

        `own_headers` include `Content-Length` if the body is not bytes. Redirects are not followed. There is no
        timeout.
        """
        async with self._request(method, self._read(address), own_headers, address, None, body) as response:
            yield response

    def check_address(self, address: str) -> None:
        """Refuse an address that can never be called; what its name leads to is checked with each connection.

        Raises:
            AddressNotAllowed: its scheme, host or port.
        """
        url = self._read(address)
        if not self._rules.may_allow(url.host or "", url.port or 0):
            raise refuse_address(address, "it does not lead to a public host on a usual port")

    def _read(self, address: str) -> URL:
        return read_address(address, self._rules)

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        address: str,
        answer_s: float | None,
        body: AsyncIterable[bytes] | bytes | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._kept is not None:
            async with (
                self._kept.lease(url) as session,
                _answer(session, method, url, headers, address, answer_s, body) as response,
            ):
                yield response
            return
        own = open_session(self._rules, self._resolver, url.host or "")
        async with own.session:
            try:
                async with _answer(own, method, url, headers, address, answer_s, body) as response:
                    yield response
            except BaseException:
                own.sockets.abort()
                raise


@asynccontextmanager
async def _answer(
    checked: CheckedSession,
    method: str,
    url: URL,
    headers: Mapping[str, str],
    address: str,
    answer_s: float | None,
    body: AsyncIterable[bytes] | bytes | None,
) -> AsyncIterator[aiohttp.ClientResponse]:
    with _explained(address, checked.sockets):
        async with asyncio.timeout(answer_s):
            response = await checked.session.request(
                method, url, headers=headers, data=body, allow_redirects=False
            )
    async with response:
        yield response


@contextmanager
def _explained(address: str, sockets: CheckedSockets) -> Iterator[None]:
    """Turn aiohttp's errors about an address that is not allowed into the worker's own."""
    try:
        yield
    except aiohttp.InvalidURL:
        raise refuse_address(
            address, "its host is neither a name nor an IP address in the usual notation"
        ) from None
    except aiohttp.ClientConnectorError:
        if sockets.has_refused and not sockets.has_allowed:
            raise refuse_address(address, "it does not lead to a public host on a usual port") from None
        raise
