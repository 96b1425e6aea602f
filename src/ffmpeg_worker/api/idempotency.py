"""The header `Idempotency-Key`: the caller's own name for a job, so that a repeated request is the same job."""

from __future__ import annotations

from starlette.requests import Request

from ffmpeg_worker.errors import InvalidJob

IDEMPOTENCY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
MAX_KEY = 255


def read_idempotency_key(request: Request) -> str | None:
    """Return the key in the header, without the quotes of a structured field; `None` where there is none.

    Raises:
        InvalidJob: the header is not one key of printable ASCII characters.
    """
    values = request.headers.getlist(IDEMPOTENCY_HEADER)
    if not values:
        return None
    key = values[0].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(values) > 1 or len(key) > MAX_KEY or not (key.isascii() and key.isprintable()):
        raise InvalidJob(
            f'The header "{IDEMPOTENCY_HEADER}" is not one key.',
            code="invalid_value",
            hint=f"Give at most {MAX_KEY} printable ASCII characters, such as a UUID.",
            where={"field": "idempotency_key"},
        )
    return key or None
