"""The `Content-Range` header of a request: which bytes of a file its body has (RFC 9110, section 14.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

from ffmpeg_worker.errors import FileError

_RANGE = re.compile(r"bytes[ =](?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class SentRange:
    """The bytes of a body in a file of `total` bytes; an empty `part` asks what was received before."""

    part: range | None
    total: int


def read_content_range(headers: Headers) -> SentRange | None:
    """Return the range of a request; `None` if its body is the whole file.

    Raises:
        FileError: the header is malformed, or contradicts itself or `Content-Length`.
    """
    values = headers.getlist("content-range")
    if not values:
        return None
    found = _RANGE.fullmatch(values[0].strip().lower()) if len(values) == 1 else None
    if found is None:
        raise _refused("is not a range of bytes of a file of known size")
    total = int(found[3])
    if found[1] is None:
        if headers.get("content-length", "0") != "0":
            raise _refused("asks for what was received, but the request has a body")
        return SentRange(None, total)
    part = range(int(found[1]), int(found[2]) + 1)
    if not part or part.stop > total:
        raise _refused("ends before it begins, or after the end of the file")
    length = headers.get("content-length")
    if length is not None and length != str(len(part)):
        raise _refused(f"says {len(part)} bytes, and Content-Length another number")
    return SentRange(part, total)


def _refused(why: str) -> FileError:
    return FileError(
        f"The header Content-Range {why}.",
        code="invalid_content_range",
        hint="Send Content-Range: bytes FIRST-LAST/SIZE, with the body of that many bytes; "
        "bytes */SIZE without a body asks how far the upload is.",
    )
