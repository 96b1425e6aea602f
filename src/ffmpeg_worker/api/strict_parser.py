"""Parser of requests that refuses large heads, and bodies whose length two servers could read differently."""

from __future__ import annotations

from typing import Any, cast

import h11
from h11._readers import ContentLengthReader

from ffmpeg_worker.errors import InvalidJob

MAX_HEAD_BYTES = 64 << 10
"""Limit of the request line and the headers together."""


class RequestRefused(Exception):
    """The request is not served, and its connection must be closed: where the next one begins is not known."""

    def __init__(self, error: InvalidJob) -> None:
        super().__init__(error.message)
        self.error = error


class StrictParser(h11.Connection):
    """The server's side of h11, which by itself limits only heads that arrive in pieces."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, MAX_HEAD_BYTES)

    def next_event(self) -> Any:
        """See `h11.Connection.next_event`.

        Raises:
            RequestRefused: the head of the request is too large or contradicts itself.
            h11.RemoteProtocolError: the request is not valid HTTP.
        """
        expects_head = self.their_state is h11.IDLE
        received = len(self.trailing_data[0]) if expects_head else 0
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == 431 and expects_head:
                raise RequestRefused(_head_too_large()) from None
            raise
        if isinstance(event, h11.Request):
            if received - len(self.trailing_data[0]) > MAX_HEAD_BYTES:
                raise RequestRefused(_head_too_large())
            _check_framing(event)
        return event

    @property
    def announced_bytes(self) -> int:
        """Bytes of the present body that are still to arrive; 0 where their number is not known."""
        reader = self._counting_reader
        return 0 if reader is None else reader._remaining  # noqa: SLF001

    def count_received(self, count: int) -> None:
        """Note that so many of the announced bytes have arrived past the parser."""
        reader = self._counting_reader
        if reader is None or count > reader._remaining:  # noqa: SLF001
            raise ValueError("more bytes than were announced")
        reader._remaining -= count  # noqa: SLF001

    @property
    def _counting_reader(self) -> ContentLengthReader | None:
        """The reader of a body of known length that has read all that it was given."""
        # h11 has no public way to it, so its version is pinned.
        reader = self._reader
        is_counting = isinstance(reader, ContentLengthReader) and self.their_state is h11.SEND_BODY
        return cast(ContentLengthReader, reader) if is_counting and not self.trailing_data[0] else None

    def count_sent(self, count: int) -> None:
        """Note that so many bytes of the body of the response were sent past the parser.

        Raises:
            h11.LocalProtocolError: the response has no body of known length.
        """
        placeholder = cast(bytes, _Placeholder(count))
        if self.send_with_data_passthrough(h11.Data(data=placeholder)) != [placeholder]:
            raise h11.LocalProtocolError("the length of the body is not declared")


class _Placeholder:
    """Stands for bytes of a body; h11 asks for its length only."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count


def _check_framing(request: h11.Request) -> None:
    """Refuse what a proxy may end elsewhere than this server: RFC 9112, section 6.1."""
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" not in names:
        return
    if b"content-length" in names or request.http_version < b"1.1":
        raise RequestRefused(
            InvalidJob(
                "The length of the request's body is declared in two ways.",
                code="invalid_http",
                hint="Send either Content-Length, or Transfer-Encoding with HTTP/1.1.",
            )
        )


def _head_too_large() -> InvalidJob:
    return InvalidJob(
        f"The headers of the request are larger than {MAX_HEAD_BYTES >> 10} KiB.",
        code="head_too_large",
        hint="Send fewer or shorter headers; the job belongs in the body.",
    )
