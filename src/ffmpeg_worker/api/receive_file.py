"""Receives the body of a request into a file: the next block arrives while one is being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ffmpeg_worker.api.received_bytes import Block
from ffmpeg_worker.errors import FileError, InvalidJob, JobCancelled
from ffmpeg_worker.storage.local.draft import Draft
from ffmpeg_worker.tasks import cancel_and_wait


async def receive_file(
    blocks: AsyncIterator[Block], draft: Draft, *, expected: int | None, max_bytes: int
) -> None:
    """Append a body to a draft.

    Args:
        blocks: the body.
        draft: the file.
        expected: bytes of the body, where they are known.
        max_bytes: limit of the whole file.

    Raises:
        FileError: the body is longer than `max_bytes` or shorter or longer than expected; then nothing is added.
        DiskFull, KeyLimitReached, InvalidJob, JobCancelled: see `Draft.write` and `receive_blocks`.
    """
    start = draft.length
    check_size(start + (expected or 0), max_bytes)
    if expected is not None:
        await draft.expect(expected)
    received = 0
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
    if expected is not None and received != expected:
        draft.truncate(start)
        raise FileError(
            f"The body has {'more' if received > expected else 'less'} than the {expected} bytes that the headers "
            "of the request say.",
            code="upload_size_wrong",
            hint="Send exactly the bytes of the range.",
        )


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
