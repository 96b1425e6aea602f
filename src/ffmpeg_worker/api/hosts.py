"""Host names: which of them a worker without API keys serves.

A web page can let its own host name resolve to 127.0.0.1, and then send requests that the browser takes for
requests to the page's own server ("DNS rebinding"). Only the `Host` header shows the difference.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from ffmpeg_worker.api.problems import problem_response
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.settings import Settings

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")


class HostMiddleware:
    """ASGI middleware that refuses requests to other hosts than this machine's own and the `allowed` ones."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or respond with 421."""
        if scope["type"] != "http" or self._is_served(scope):
            await self._app(scope, receive, send)
            return
        record = request_record_of(scope)
        record.error = InvalidJob(
            "This worker has no API keys, and serves requests to localhost only.",
            code="host_not_allowed",
            hint="Call it at localhost or 127.0.0.1. For another name, the operator sets "
            "FFMPEG_WORKER_ALLOWED_HOSTS or FFMPEG_WORKER_API_KEYS.",
        )
        await problem_response(record.error, record.job_id)(scope, receive, send)

    def _is_served(self, scope: Scope) -> bool:
        # The parser requires exactly one Host of HTTP/1.1, which is what browsers speak.
        hosts = [_name_of(value.decode("latin-1")) for name, value in scope["headers"] if name == b"host"]
        return all(host is not None and (host in self._allowed or _is_local(host)) for host in hosts)


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The names that the operator has given the worker."""
    given = list(settings.allowed_hosts)
    if settings.api_base_url_is_set:
        given.append(urlsplit(settings.api_base_url).netloc)
    if settings.public_url is not None:
        given.append(urlsplit(settings.public_url).netloc)
    return frozenset(name for host in given if (name := _name_of(host)) is not None)


def _name_of(host: str) -> str | None:
    """The name in lower case and without port; `None` if it is malformed."""
    match = _HOST.fullmatch(host.strip().lower())
    return match[1].strip("[]").rstrip(".") if match else None


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
