"""Forms (`multipart/form-data`), read part by part while they arrive."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers
from starlette.requests import Request

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.received_bytes import BLOCK_BYTES, Block, receive_blocks
from ffmpeg_worker.errors import InvalidJob

FORM_TYPE = "multipart/form-data"
MAX_PARTS = 200
_MAX_NAME = 4096


class FormPart:
    """A part of a form; its content must be read before the next part."""

    def __init__(self, form: Form, name: str, filename: str | None) -> None:
        self.name = name
        self.filename = filename
        self._form = form

    async def blocks(self) -> AsyncIterator[Block]:
        """Yield the content, in blocks of about `BLOCK_BYTES`."""
        async for block in self._form.read_content():
            yield [block]

    async def text(self, max_bytes: int) -> bytes:
        """Return the content of a short part.

        Raises:
            InvalidJob: it is longer than `max_bytes`; or see `Form.parts`.
        """
        content = bytearray()
        async for block in self._form.read_content():
            content += block
            if len(content) > max_bytes:
                raise InvalidJob(
                    f'The part "{self.name[:64]}" is larger than {max_bytes} bytes.',
                    code="body_too_large",
                    hint="Send media as files: -F in_1=@FILE.",
                )
        return bytes(content)


class Form:
    """The form in the body of a request."""

    def __init__(self, request: Request) -> None:
        """Read the head of the request.

        Raises:
            InvalidJob: the form has no boundary or is compressed; a page of another origin sends it.
        """
        _refuse_foreign_page(request)
        kind, options = parse_options_header(request.headers.get("content-type"))
        boundary = options.get(b"boundary", b"")
        is_plain = request.headers.get("content-encoding", "identity") == "identity"
        if kind.lower() != FORM_TYPE.encode() or not boundary or not is_plain:
            raise _invalid("is not multipart/form-data with a boundary", "Let the HTTP client make the form.")
        self._blocks = receive_blocks(request.receive)
        self._events: deque[FormPart | bytearray | None] = deque()
        self._header = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._value = b""
        self._is_over = False
        self._count = 0
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._add_field,
                    "on_header_value": self._add_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._add_data,
                    "on_part_end": lambda: self._events.append(None),
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise _invalid("has a boundary that is too long", "Let the HTTP client make the form.") from None

    async def parts(self) -> AsyncIterator[FormPart]:
        """Yield the parts in their order; content that was not read is skipped.

        Raises:
            InvalidJob: with code `invalid_multipart`, `too_many_parts` or `body_timeout`.
            JobCancelled: the caller disconnected meanwhile.
        """
        while await self._fill():
            event = self._events.popleft()
            if isinstance(event, FormPart):
                yield event

    async def read_content(self) -> AsyncIterator[bytearray]:
        """Yield the rest of the content of the part that was begun last; see `parts` for errors."""
        while await self._fill():
            if isinstance(self._events[0], FormPart):
                return
            event = self._events.popleft()
            if not isinstance(event, bytearray):
                return
            while len(event) < BLOCK_BYTES and await self._fill():
                more = self._events[0]
                if not isinstance(more, bytearray):
                    break
                event += more
                self._events.popleft()
            yield event

    async def _fill(self) -> bool:
        """Receive until something happens; returns false at the end of the form."""
        while not self._events:
            block = await anext(self._blocks, None)
            if block is None:
                if not self._is_over:
                    raise _invalid("ends before its last boundary", "Send it again, completely.")
                return False
            try:
                self._parser.write(b"".join(block))
            except FormParserError:
                raise _invalid("is not well-formed", "Let the HTTP client make the form.") from None
        return True

    def _begin_part(self) -> None:
        self._count += 1
        self._headers = []
        if self._count > MAX_PARTS:
            raise InvalidJob(
                f"The form has more than {MAX_PARTS} parts.",
                code="too_many_parts",
                hint="Send the files first, in several forms or with PUT /api/files/{name}.",
            )

    def _add_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers.append((self._header.lower(), self._value))
        self._header = self._value = b""

    def _end_headers(self) -> None:
        kind, options = parse_options_header(dict(self._headers).get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise _invalid("has a part without a name", 'Give each part Content-Disposition: form-data; name="…".')
        try:
            name = options[b"name"].decode()
            filename = options[b"filename"].decode() if b"filename" in options else None
        except UnicodeDecodeError:
            raise _invalid("has a name that is not UTF-8", "Encode names as UTF-8.") from None
        if len(name) > _MAX_NAME or len(filename or "") > _MAX_NAME:
            raise _invalid("has a name that is too long", "Shorten it.")
        self._events.append(FormPart(self, name, filename))

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._events and isinstance(self._events[-1], bytearray):
            self._events[-1] += data[start:end]
        else:
            self._events.append(bytearray(data[start:end]))

    def _end(self) -> None:
        self._is_over = True


def is_form(headers: Headers) -> bool:
    """Whether a request declares its body as a form."""
    return headers.get("content-type", "").lower().startswith("multipart/")


def _refuse_foreign_page(request: Request) -> None:
    """Refuse forms of web pages where no key is needed: browsers send those without asking the server first.

    Raises:
        InvalidJob: the page has another origin than this server, and is not allowed.
    """
    origin = request.headers.get("origin", "").lower()
    settings = app_state_of(request).services.settings
    if not origin or settings.api_keys or origin in settings.cors_origins:
        return
    if origin.partition("://")[2] != request.headers.get("host", "").lower():
        raise InvalidJob(
            "A page of another origin sent the form, and this worker has no API keys.",
            code="origin_not_allowed",
            hint="The operator allows origins with FFMPEG_WORKER_CORS_ORIGINS.",
        )


def _invalid(why: str, hint: str) -> InvalidJob:
    return InvalidJob(f"The body {why}.", code="invalid_multipart", hint=hint)
