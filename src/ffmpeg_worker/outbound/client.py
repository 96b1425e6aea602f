"""The one HTTP client for addresses that callers give: it reaches public hosts, and what the operator allows."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from ffmpeg_worker import __version__
from ffmpeg_worker.errors import AddressNotAllowed, InvalidJob
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.outbound.rules import ANSWER_S, CONNECT_S, IDLE_S, OutboundRules

MAX_REDIRECTS = 5

_REDIRECTS = {301, 302, 303, 307, 308}
_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]+", re.IGNORECASE)
_UNSAFE_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")
_READY_TO_SEND = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\ud7ff\ue000-\U0010ffff]{0,8000}")
_OWN_HEADERS = frozenset(
    "host connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    "transfer-encoding upgrade content-length content-encoding expect accept-encoding range if-range".split()
)


class _Refused(OSError):
    """The address that was about to be connected to is not allowed."""


@dataclass(slots=True)
class _Gate:
    """Looks at every address a connection is tried to, after names were resolved: there is no later moment."""

    rules: OutboundRules
    host: str
    refused: bool = field(default=False, init=False)
    passed: bool = field(default=False, init=False)

    def open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, place = info
        if not self.rules.allows(place[0], place[1], self.host):
            self.refused = True
            raise _Refused("address not allowed")
        self.passed = True
        return socket.socket(family, kind, protocol)


class OutboundClient:
    """Gets what lies at an address, and puts something there.

    No proxy, cookie or credential of the worker's own is used, and no two requests share a connection.
    """

    def __init__(self, rules: OutboundRules, resolver: AbstractResolver | None = None) -> None:
        self._rules = rules
        self._resolver = resolver

    @asynccontextmanager
    async def get(
        self, address: str, headers: Mapping[str, str], own_headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a GET, redirects followed, its body still to be read.

        Args:
            address: URL as the caller wrote it.
            headers: the caller's; they stay behind when a redirect leads to another host, port or scheme.
            own_headers: ours; they go along.

        Raises:
            AddressNotAllowed: for this address, or one that it redirects to.
            InvalidJob: a header that may not be sent.
            aiohttp.ClientError, TimeoutError: no answer; their texts hold addresses and are not for callers.
        """
        check_headers(headers)
        url = self._read(address)
        for _ in range(MAX_REDIRECTS + 1):
            async with self._ask("GET", url, {**headers, **own_headers}, address, ANSWER_S) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECTS or location is None:
                    yield response
                    return
            following = self._follow(url, location, address)
            if following.origin() != url.origin():
                headers = {}
            url = following
        raise _refusal(
            address, f"it redirects more than {MAX_REDIRECTS} times", "Give the address that it ends at."
        )

    @asynccontextmanager
    async def put(
        self,
        address: str,
        headers: Mapping[str, str],
        own_headers: Mapping[str, str],
        body: AsyncIterable[bytes],
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a PUT. A redirect is an answer like any other, and not followed.

        Args:
            address: URL as the caller wrote it.
            headers: the caller's.
            own_headers: ours, the body's `Content-Length` among them; none that the caller's have already.
            body: what to send, as fast as the server takes it; how long that may last is the caller's to watch.

        Raises:
            AddressNotAllowed: for this address.
            InvalidJob: a header that may not be sent.
            aiohttp.ClientError, TimeoutError: no answer; their texts hold addresses and are not for callers.
        """
        check_headers(headers)
        sent = {**headers, **own_headers}
        async with self._ask("PUT", self._read(address), sent, address, None, body) as response:
            yield response

    @asynccontextmanager
    async def _ask(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        address: str,
        answer_s: float | None,
        body: AsyncIterable[bytes] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        gate = _Gate(self._rules, url.host or "")
        connector = aiohttp.TCPConnector(
            resolver=self._resolver, socket_factory=gate.open_socket, use_dns_cache=False, force_close=True
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
        async with session:
            try:
                async with asyncio.timeout(answer_s):
                    response = await session.request(
                        method, url, headers=headers, data=body, allow_redirects=False
                    )
            except aiohttp.InvalidURL:
                raise _refusal(address, "its host is no name and no usual IP address") from None
            except aiohttp.ClientConnectorError:
                if gate.refused and not gate.passed:
                    raise _refusal(address, "it does not lead to a public host on a usual port") from None
                raise
            async with response:
                yield response

    def _read(self, address: str) -> URL:
        """Parse an address and check all that can be checked before its name is resolved."""
        refusal = AddressNotAllowed(
            f'The address "{display_name(address)}" cannot be used.',
            hint="Write https://HOST/PATH, with blanks and backslashes percent-encoded.",
        )
        if _UNSAFE_IN_URL.search(address):
            raise refusal
        try:
            # Signatures are made over the exact characters: what can be sent as it stands is not quoted anew.
            url = URL(address, encoded=bool(_READY_TO_SEND.fullmatch(address)))
            host, has_user = url.raw_host, url.raw_user is not None or url.raw_password is not None
        except ValueError:
            raise refusal from None
        if url.scheme not in {"http", "https"}:
            raise _refusal(address, "only https:// addresses are called")
        if url.scheme == "http" and not self._rules.allow_http:
            raise _refusal(
                address, "it is not encrypted", "Use https://; FFMPEG_WORKER_ALLOW_HTTP_INPUTS allows http://."
            )
        if has_user or "@" in url.raw_authority:
            raise _refusal(address, "it holds a user or password", 'Send credentials in "headers".')
        if host is None or not _HOST.fullmatch(host) or not url.port:
            raise refusal
        return url.with_fragment(None)

    def _follow(self, url: URL, location: str, address: str) -> URL:
        try:
            target = url.join(URL(location, encoded=bool(_READY_TO_SEND.fullmatch(location))))
            following = self._read(str(target))
        except (ValueError, AddressNotAllowed):
            raise _refusal(address, "it redirects to an address that is not allowed") from None
        if url.scheme == "https" and following.scheme == "http":
            raise _refusal(address, "it redirects from https:// to http://")
        return following


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse request headers that would change the request's meaning for somebody on its way.

    Raises:
        InvalidJob: not a header's name or value, or one that only the client itself may set.
    """
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidJob(
                "A request header has characters or a length that no header may have.",
                code="invalid_header",
                hint="Names are letters, digits and hyphens; values are one line.",
            )
        if name.lower() in _OWN_HEADERS:
            raise InvalidJob(
                f'The request header "{name}" may not be set.',
                code="invalid_header",
                hint="Leave it out: it is the client's own.",
            )


def _refusal(address: str, reason: str, hint: str | None = None) -> AddressNotAllowed:
    """The refusal names the caller's address only: where names and redirects lead is not told."""
    return AddressNotAllowed(
        f'The address "{display_name(address)}" is not allowed: {reason}.',
        hint=hint or "Only public https:// addresses on port 80, 443 or 8443 are called.",
    )
