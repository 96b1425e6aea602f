"""Large request bodies, received block by block; senders that are too slow are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from starlette.types import Receive

from ffmpeg_worker.errors import InvalidJob, JobCancelled

PATIENCE_S = 30.0
"""Seconds in which a sender must send `MIN_BYTES`, or the rest of the body."""
MIN_BYTES = 64 << 10
BLOCK_BYTES = 512 << 10

Block = Sequence[bytes | bytearray]


def _never() -> bool:
    return False


async def receive_blocks(
    receive: Receive, *, patience_s: float = PATIENCE_S, until: Callable[[], bool] = _never
) -> AsyncIterator[Block]:
    """Yield the body of a request in blocks of about `BLOCK_BYTES`; the last one may be shorter.

    A block is what has arrived, in its pieces: joining them would take as much time as receiving them. What has
    arrived before an error is yielded first. `until` is asked after each piece; when it returns true, the rest is
    left to another receiver.

    Raises:
        InvalidJob: with code `body_timeout`.
        JobCancelled: the caller disconnected meanwhile.
    """
    more, problem = True, None
    while more and problem is None:
        block: list[bytes] = []
        try:
            more = await _receive_block(receive, block, patience_s, until)
        except (InvalidJob, JobCancelled) as error:
            problem = error
        if block:
            yield block
    if problem is not None:
        raise problem


async def _receive_block(
    receive: Receive, block: list[bytes], patience_s: float, until: Callable[[], bool]
) -> bool:
    """Receive pieces of a body until they are a block; returns whether there is more to receive here.

    Raises:
        InvalidJob, JobCancelled: see `receive_blocks`.
    """
    loop = asyncio.get_running_loop()
    held = unseen = 0
    try:
        async with asyncio.timeout(patience_s) as limit:
            while held < BLOCK_BYTES:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise JobCancelled("The caller went away while sending the body.")
                if piece := message.get("body", b""):
                    block.append(piece)
                held += len(piece)
                unseen += len(piece)
                if not message.get("more_body", False) or until():
                    return False
                if unseen >= MIN_BYTES:
                    unseen = 0
                    limit.reschedule(loop.time() + patience_s)
    except TimeoutError:
        raise body_timeout(patience_s) from None
    return True


def body_timeout(patience_s: float) -> InvalidJob:
    """Return the error of a sender that is too slow."""
    return InvalidJob(
        f"Less than {MIN_BYTES >> 10} KiB of the body arrived within {patience_s:g} s.",
        code="body_timeout",
        hint="Send it faster. PUT /api/files/{name} with Content-Range continues an upload that broke off.",
    )
