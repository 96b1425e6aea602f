"""Large bodies in blocks: slow senders, and senders that go away."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive

from ffmpeg_worker.api.received_bytes import BLOCK_BYTES, receive_blocks
from ffmpeg_worker.errors import InvalidJob, JobCancelled


async def test_blocks_are_large_and_complete() -> None:
    messages = [_piece(bytes(100_000)) for _ in range(30)] + [_piece(b"end", more=False)]
    sizes = [sum(map(len, block)) async for block in receive_blocks(_from(messages))]
    assert sum(sizes) == 3_000_003
    assert min(sizes[:-1]) >= BLOCK_BYTES


async def test_what_arrived_comes_before_the_end_of_the_connection() -> None:
    blocks = receive_blocks(_from([_piece(b"ab"), {"type": "http.disconnect"}]))
    assert await anext(blocks) == [b"ab"]
    with pytest.raises(JobCancelled):
        await anext(blocks)


async def test_a_slow_sender_is_refused() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        return {}

    with pytest.raises(InvalidJob) as caught:
        await anext(receive_blocks(receive, patience_s=0.02))
    assert caught.value.code == "body_timeout"


def _piece(content: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": content, "more_body": more}


def _from(messages: list[Message]) -> Receive:
    left = iter(messages)

    async def receive() -> Message:
        return next(left)

    return receive
