"""Addresses that callers give, and those that servers redirect to."""

from __future__ import annotations

import re

from yarl import URL

from ffmpeg_worker.errors import AddressNotAllowed
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.outbound.rules import OutboundRules

_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]+", re.IGNORECASE)
_UNSAFE_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")
_READY_TO_SEND = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


def read_address(address: str, rules: OutboundRules) -> URL:
    """Parse an address and check what can be checked before its name is resolved.

    Raises:
        AddressNotAllowed: its notation, scheme, host or port.
    """
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
        raise refuse_address(address, "only https:// addresses may be called")
    if url.scheme == "http" and not rules.allow_http:
        raise refuse_address(
            address, "it is not encrypted", "Use https://; FFMPEG_WORKER_ALLOW_HTTP_INPUTS allows http://."
        )
    if has_user or "@" in url.raw_authority:
        raise refuse_address(address, "it contains a user or password", 'Send credentials in "headers".')
    if not has_host or not url.port:
        raise refusal
    return url.with_fragment(None)


def follow_redirect(url: URL, location: str, address: str, rules: OutboundRules) -> URL:
    """The URL that `url` redirects to, for the caller's `address`. Errors as for `read_address`."""
    try:
        target = url.join(URL(location, encoded=bool(_READY_TO_SEND.fullmatch(location))))
        following = read_address(str(target), rules)
    except (ValueError, AddressNotAllowed):
        raise refuse_address(address, "it redirects to an address that is not allowed") from None
    if url.scheme == "https" and following.scheme == "http":
        raise refuse_address(address, "it redirects from https:// to http://")
    return following


def has_usable_host(url: URL) -> bool:
    """Whether the host of a URL is a name that can be resolved, or an IP address.

    Raises:
        ValueError: it is an international name that cannot be decoded.
    """
    return bool(url.host) and _HOST.fullmatch(url.raw_host or "") is not None


def refuse_address(address: str, reason: str, hint: str | None = None) -> AddressNotAllowed:
    """The error names the caller's address only, not where names and redirects lead."""
    return AddressNotAllowed(
        f'The address "{display_name(address)}" is not allowed: {reason}.',
        hint=hint or "Only public https:// addresses on port 80, 443 or 8443 may be called.",
    )
