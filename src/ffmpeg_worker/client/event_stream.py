"""Reads server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from __future__ import annotations

from collections.abc import AsyncIterator

from ffmpeg_worker.client.errors import bad_response

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


async def read_events(chunks: AsyncIterator[bytes], *, max_bytes: int) -> AsyncIterator[bytes]:
    """Yield the `data` of every event; comments, other fields and an event that is cut off are left out.

    Raises:
        ApiError: an event is larger than `max_bytes` (`api_bad_answer`).
    """
    data: list[bytes] = []
    size = 0
    async for line in _split_lines(chunks, max_bytes):
        if not line:
            if data:
                yield b"\n".join(data)
            data, size = [], 0
            continue
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
            size += len(value) + 1
            if size > max_bytes:
                raise bad_response(f"an event is larger than {max_bytes} bytes.")


async def _split_lines(chunks: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    r"""Yield complete lines; they end in \n, \r\n or \r."""
    rest: list[bytes] = []
    size, ended_in_return, is_first = 0, False, True
    async for chunk in chunks:
        if is_first and chunk:
            chunk, is_first = chunk.removeprefix(_BYTE_ORDER_MARK), False  # noqa: PLW2901
        if ended_in_return:
            chunk = chunk.removeprefix(b"\n")  # noqa: PLW2901 - the second half of an end of line
        if not chunk:
            continue
        ended_in_return = chunk.endswith(b"\r")
        *lines, last = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            yield b"".join([*rest, line])
            rest, size = [], 0
        rest.append(last)
        size += len(last)
        if size > max_bytes:
            raise bad_response(f"a line is larger than {max_bytes} bytes.")
