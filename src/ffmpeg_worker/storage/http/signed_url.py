"""Addresses with a signature in their query: what they name without it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote_plus, urlsplit

# What makes a query a signed one, and the parameters that then belong to the signature. Nothing else is left out:
# a parameter that merely looks like a credential, such as `token`, may be what names the file.
_SIGNED = (
    ({"x-amz-signature"}, re.compile(r"x-amz-.*")),
    ({"x-goog-signature"}, re.compile(r"x-goog-.*")),
    ({"awsaccesskeyid", "signature"}, re.compile(r"awsaccesskeyid|signature|expires|x-amz-security-token")),
    ({"googleaccessid", "signature"}, re.compile(r"googleaccessid|signature|expires")),
    ({"key-pair-id", "signature"}, re.compile(r"key-pair-id|signature|expires|policy|hash-algorithm")),
    (
        {"sv", "sig"},
        re.compile(r"sv|sig|ss|srt|sr|sp|st|se|si|sip|spr|ses|sdd|scid|skoid|sktid|skt|ske|sks|skv|saoid|suoid"),
    ),
)


def strip_signature(url: str) -> str | None:
    """Scheme, host, port, path and query of a URL as they stand, but for the parameters of a signature."""
    try:
        parts = urlsplit(url)
        host = f"{parts.hostname}:{parts.port or {'http': 80, 'https': 443}.get(parts.scheme)}"
    except ValueError:
        return None
    fields = [(unquote_plus(field.partition("=")[0]).lower(), field) for field in parts.query.split("&") if field]
    names = {name for name, _ in fields}
    signature = [pattern for marks, pattern in _SIGNED if marks <= names]
    kept = [field for name, field in fields if not any(pattern.fullmatch(name) for pattern in signature)]
    return f"{parts.scheme}://{host}{parts.path}?{'&'.join(kept)}"


def plain(address: str) -> str:
    """The address without query and fragment."""
    return address.partition("#")[0].partition("?")[0]


def is_azure_sas(address: str) -> bool:
    """Whether a shared access signature of Azure, or of what speaks its protocol, stands in the address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    query = parse_qs(parts.query)
    return "sig" in query and ("sv" in query or (parts.hostname or "").endswith(".blob.core.windows.net"))
