"""JSON responses."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

DEFAULT_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_response(
    value: Any,
    status: int = 200,
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make a response with `value` as JSON, without the framework's validation."""
    return Response(encode_json(value), status, {**DEFAULT_HEADERS, **(headers or {})}, media_type)


def encode_json(value: Any) -> bytes:
    """Return a value as JSON on one line; numbers that JSON does not have become null."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_nan_to_null(value), ensure_ascii=False, separators=(",", ":"))
    # File names and tags of media files may have bytes that are not valid UTF-8.
    return text.encode("utf-8", "replace")


def _nan_to_null(value: Any) -> Any:
    """Replace numbers that JSON does not have with None: a PSNR may be infinite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _nan_to_null(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_nan_to_null(item) for item in value]
    return value
