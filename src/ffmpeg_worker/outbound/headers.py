"""Request headers that callers give."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ffmpeg_worker.errors import InvalidJob

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\ud7ff\ue000-\U0010ffff]{0,8000}")
_OWN_HEADERS = frozenset(
    "host connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    "transfer-encoding upgrade content-length content-encoding expect accept-encoding range if-range".split()
)


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
