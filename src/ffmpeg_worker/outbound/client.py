"""The HTTP client for addresses of callers: it reaches public hosts, and those that the operator allows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from ffmpeg_worker.errors import AddressNotAllowed, InvalidJob
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.outbound.checked_sockets import CheckedSockets
from ffmpeg_worker.outbound.leased_sessions import LeasedSessions
from ffmpeg_worker.outbound.rules import ANSWER_S, OutboundRules
from ffmpeg_worker.outbound.sessions import CheckedSession, KeptSessions, open_session

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


class OutboundClient:
    """Sends requests to addresses of callers.

    It uses no proxy, cookie or credential of the worker. Each request has its own connection, except those of the
    client that `keeping_connections` makes, and those that are sent through kept sessions.
    """

    def __init__(self, rules: OutboundRules, resolver: AbstractResolver | None = None) -> None:
        self._rules = rules
        self._resolver = resolver
        self._leased: LeasedSessions | None = None

    @asynccontextmanager
    async def keeping_connections(self) -> AsyncIterator[OutboundClient]:
        """A client whose requests one after the other to one server use one connection; all are closed on exit."""
        client = OutboundClient(self._rules, self._resolver)
        client._leased = leased = LeasedSessions(self._rules, self._resolver)
        try:
            yield client
        finally:
            await leased.close()

    def keep_sessions(self) -> KeptSessions:
        """Sessions for the GET requests of one job for one source; the caller closes them."""
        return KeptSessions(self._rules, self._resolver)

    @asynccontextmanager
    async def get(
        self,
        address: str,
        headers: Mapping[str, str],
        own_headers: Mapping[str, str],
        kept: KeptSessions | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """GET an address, following redirects; yields the answer, whose body has not been read.

        Args:
            address: URL as the caller wrote it.
            headers: the caller's; dropped when a redirect leads to another host, port or scheme.
            own_headers: the worker's; kept across redirects.
            kept: sessions whose connections are used again; an answer that is not read to its end closes its own.

        Raises:
            AddressNotAllowed: for this address, or one that it redirects to.
            InvalidJob: a header that may not be set.
            aiohttp.ClientError, TimeoutError: no answer. Do not show their texts, which contain addresses.
        """
        check_headers(headers)
        url = self._read(address)
        for _ in range(MAX_REDIRECTS + 1):
            session = None if kept is None else kept.find(url)
            sent = {**headers, **own_headers}
            async with self._request("GET", url, sent, address, ANSWER_S, session=session) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECTS or location is None:
                    yield response
                    return
            following = self._follow(url, location, address)
            if following.origin() != url.origin():
                headers = {}
            url = following
        raise _refusal(address, f"it redirects more than {MAX_REDIRECTS} times", "Give the final address.")

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
            raise _refusal(address, "it does not lead to a public host on a usual port")

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        address: str,
        answer_s: float | None,
        body: AsyncIterable[bytes] | bytes | None = None,
        session: CheckedSession | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._leased is not None:
            async with (
                self._leased.lease(url) as leased,
                _answer(leased, method, url, headers, address, answer_s, body) as response,
            ):
                yield response
            return
        if session is not None:
            async with _answer(session, method, url, headers, address, answer_s, body) as response:
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

    def _read(self, address: str) -> URL:
        """Parse an address and check what can be checked before its name is resolved."""
        refusal = AddressNotAllowed(
            f'The address "{display_name(address)}" cannot be used.',
            hint="Write https://HOST/PATH, with blanks and backslashes percent-encoded.",
        )
        if _UNSAFE_IN_URL.search(address):
            raise refusal
        try:
            # Signatures cover the exact characters, so a URL that can be sent unchanged is not encoded again.
            url = URL(address, encoded=bool(_READY_TO_SEND.fullmatch(address)))
            has_host, has_user = has_usable_host(url), url.raw_user is not None or url.raw_password is not None
        except ValueError:
            raise refusal from None
        if url.scheme not in {"http", "https"}:
            raise _refusal(address, "only https:// addresses may be called")
        if url.scheme == "http" and not self._rules.allow_http:
            raise _refusal(
                address, "it is not encrypted", "Use https://; FFMPEG_WORKER_ALLOW_HTTP_INPUTS allows http://."
            )
        if has_user or "@" in url.raw_authority:
            raise _refusal(address, "it contains a user or password", 'Send credentials in "headers".')
        if not has_host or not url.port:
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


def has_usable_host(url: URL) -> bool:
    """Whether the host of a URL is a name that can be resolved, or an IP address.

    Raises:
        ValueError: it is an international name that cannot be decoded.
    """
    return bool(url.host) and _HOST.fullmatch(url.raw_host or "") is not None


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
        raise _refusal(address, "its host is neither a name nor an IP address in the usual notation") from None
    except aiohttp.ClientConnectorError:
        if sockets.has_refused and not sockets.has_allowed:
            raise _refusal(address, "it does not lead to a public host on a usual port") from None
        raise


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse headers of callers that are malformed or that change how the request is transferred.

    Raises:
        InvalidJob: a malformed name or value, or a header that only the client itself may set.
    """
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidJob(
                "A request header has invalid characters or is too long.",
                code="invalid_header",
                hint="Names consist of letters, digits and hyphens; values are one line.",
            )
        if name.lower() in _OWN_HEADERS:
            raise InvalidJob(
                f'The request header "{name}" may not be set.',
                code="invalid_header",
                hint="Leave it out: the worker sets it.",
            )


def _refusal(address: str, reason: str, hint: str | None = None) -> AddressNotAllowed:
    """The error names the caller's address only, not where names and redirects lead."""
    return AddressNotAllowed(
        f'The address "{display_name(address)}" is not allowed: {reason}.',
        hint=hint or "Only public https:// addresses on port 80, 443 or 8443 may be called.",
    )
