"""URLs with a signature in their query, such as presigned URLs of object stores."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote_plus, urlsplit

# Parameters that identify a signed query, and the parameters that then belong to the signature. No others are
# removed: a parameter that merely looks like a credential, such as `token`, may select the file.
_SIGNATURES = (
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
    """The URL without fragment and signature parameters, with an explicit port; `None` if it is malformed."""
    try:
        parts = urlsplit(url)
        host = f"{parts.hostname}:{parts.port or {'http': 80, 'https': 443}.get(parts.scheme)}"
    except ValueError:
        return None
    fields = [(unquote_plus(field.partition("=")[0]).lower(), field) for field in parts.query.split("&") if field]
    names = {name for name, _ in fields}
    signature = [pattern for marks, pattern in _SIGNATURES if marks <= names]
    kept = [field for name, field in fields if not any(pattern.fullmatch(name) for pattern in signature)]
    return f"{parts.scheme}://{host}{parts.path}?{'&'.join(kept)}"


def is_azure_sas(address: str) -> bool:
    """Whether a URL contains a shared access signature of Azure or of a compatible store."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    query = parse_qs(parts.query)
    return "sig" in query and ("sv" in query or (parts.hostname or "").endswith(".blob.core.windows.net"))
