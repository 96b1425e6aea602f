"""Receives the body of a request, or a part of a form, into a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from starlette.requests import Request

from ffmpeg_worker.api.direct_transfer import find_direct_transfer
from ffmpeg_worker.api.received_bytes import PATIENCE_S, Block, receive_blocks
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import FileError, InvalidJob, JobCancelled
from ffmpeg_worker.storage.local.draft import Draft
from ffmpeg_worker.tasks import cancel_and_wait


async def receive_body(request: Request, draft: Draft, *, expected: int | None, max_bytes: int) -> None:
    """Append the body of a request to a draft, most of it directly from the socket where that is possible.

    Raises:
        FileError, DiskFull, KeyLimitReached, InvalidJob, JobCancelled: see `receive_file`.
    """
    transfer = find_direct_transfer(request.scope)
    if expected is None or transfer is None:
        await receive_file(receive_blocks(request.receive), draft, expected=expected, max_bytes=max_bytes)
        return
    count = request_record_of(request.scope).count_received
    await receive_file(
        receive_blocks(request.receive, until=transfer.take_over),
        draft,
        expected=expected,
        max_bytes=max_bytes,
        receive_rest=partial(transfer.receive, draft, count, patience_s=PATIENCE_S),
    )


async def _receive_nothing() -> None:
    """Receive no more than the blocks."""


async def receive_file(
    blocks: AsyncIterator[Block],
    draft: Draft,
    *,
    expected: int | None,
    max_bytes: int,
    receive_rest: Callable[[], Awaitable[None]] = _receive_nothing,
) -> None:
    """Append a body to a draft.

    Args:
        blocks: the body, or its beginning.
        draft: the file.
        expected: bytes of the body, where they are known.
        max_bytes: limit of the whole file.
        receive_rest: appends what comes after the blocks, which are as many bytes as expected together.

    Raises:
        FileError: the body is longer than `max_bytes` or shorter or longer than expected; then nothing is added.
        DiskFull, KeyLimitReached, InvalidJob, JobCancelled: see `Draft.write` and `receive_blocks`.
    """
    start = draft.length
    check_size(start + (expected or 0), max_bytes)
    if expected is not None:
        await draft.expect(expected)
    received = await _append(blocks, draft, expected, max_bytes)
    before = draft.length
    await receive_rest()
    received += draft.length - before
    if expected is not None and received != expected:
        draft.truncate(start)
        raise FileError(
            f"The body has {'more' if received > expected else 'less'} than the {expected} bytes that the headers "
            "of the request say.",
            code="upload_size_wrong",
            hint="Send exactly the bytes of the range.",
        )


async def _append(blocks: AsyncIterator[Block], draft: Draft, expected: int | None, max_bytes: int) -> int:
    """Append blocks, each while the next one arrives; returns the bytes received."""
    start, received = draft.length, 0
    writing: asyncio.Task[None] | None = None
    try:
        async for block in blocks:
            received += sum(map(len, block))
            check_size(start + received, max_bytes)
            if expected is not None and received > expected:
                break
            if writing is not None:
                await writing
            writing = asyncio.create_task(draft.write(block))
        if writing is not None:
            await writing
    except (InvalidJob, JobCancelled):
        if writing is not None:
            await writing  # what arrived may be kept
        raise
    finally:
        if writing is not None:
            await cancel_and_wait(writing)
    return received


def check_size(size: int, max_bytes: int) -> None:
    """Refuse a file that is too large.

    Raises:
        FileError: it is.
    """
    if size > max_bytes:
        raise FileError(
            f"The file is larger than the {max_bytes} bytes that this worker accepts.",
            code="file_too_large",
            hint="Send a smaller file, or let the operator raise FFMPEG_WORKER_MAX_UPLOAD_BYTES.",
        )
