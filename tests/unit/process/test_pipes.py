"""Pipes on the event loop."""

from __future__ import annotations

import asyncio
import os
import weakref

from ffmpeg_worker.process.pipes import PipeReader, PipeWriter
from support.wait_until import until_async


class Reading:
    """A reader with what it was fed."""

    def __init__(self, *, pause_s: float = 0.0) -> None:
        descriptor, self.writing = os.pipe()
        self.chunks: list[bytes] = []
        self.fed = asyncio.Event()
        self.ended = asyncio.Event()
        self.ends = 0
        self.reader = PipeReader(descriptor, self._feed, self._end, pause_s=pause_s)

    def _feed(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        self.fed.set()

    def _end(self) -> None:
        self.ends += 1
        self.ended.set()


class Output(bytearray):
    """Bytes with weak references."""


async def test_a_closed_reader_does_not_keep_what_it_was_fed() -> None:
    descriptor, writing = os.pipe()
    ended, output = asyncio.Event(), Output()
    freed = weakref.ref(output)
    reader = PipeReader(descriptor, output.extend, ended.set)
    os.write(writing, b"data")
    os.close(writing)
    await asyncio.wait_for(ended.wait(), 5)
    assert (reader.closed, bytes(output)) == (True, b"data")
    del output
    assert freed() is None


async def test_chunks_are_passed_on_until_the_end() -> None:
    reading = Reading()
    os.write(reading.writing, b"one")
    await asyncio.wait_for(reading.fed.wait(), 5)
    os.write(reading.writing, b"two")
    os.close(reading.writing)
    await asyncio.wait_for(reading.ended.wait(), 5)
    assert b"".join(reading.chunks) == b"onetwo"
    assert reading.reader.closed


async def test_a_closed_reader_reports_its_end_once() -> None:
    reading = Reading()
    reading.reader.close()
    reading.reader.close()
    assert reading.ends == 1
    os.close(reading.writing)


async def test_a_pause_gathers_small_writes() -> None:
    reading = Reading(pause_s=600)
    os.write(reading.writing, b"first ")
    await asyncio.wait_for(reading.fed.wait(), 5)
    for _ in range(3):
        os.write(reading.writing, b"x")
    os.close(reading.writing)
    await asyncio.sleep(0)
    assert reading.chunks == [b"first "]
    reading.reader.stop_pausing()
    await asyncio.wait_for(reading.ended.wait(), 5)
    assert reading.chunks == [b"first ", b"xxx"]


async def test_writes_arrive_in_order_and_end_closes_the_pipe() -> None:
    descriptor, writing = os.pipe()
    writer = PipeWriter(writing)
    large = b"y" * 200_000
    writer.write(b"x")
    writer.write(large)
    writer.end()
    writer.write(b"too late")
    os.set_blocking(descriptor, False)
    received = bytearray()
    async with asyncio.timeout(5):
        while True:
            try:
                chunk = os.read(descriptor, 65536)
            except BlockingIOError:
                await asyncio.sleep(0)
                continue
            if not chunk:
                break
            received += chunk
            await asyncio.sleep(0)
    assert received == b"x" + large
    assert writer.closed
    os.close(descriptor)


async def test_a_reader_that_is_gone_closes_the_writer() -> None:
    descriptor, writing = os.pipe()
    writer = PipeWriter(writing)
    os.close(descriptor)
    writer.write(b"x")
    assert writer.closed
    writer.write(b"y")
    writer.close()


async def test_what_comes_during_a_pause_is_one_chunk() -> None:
    reading = Reading(pause_s=0.05)
    os.write(reading.writing, b"one")
    await asyncio.wait_for(reading.fed.wait(), 5)
    reading.fed.clear()
    for _ in range(3):
        os.write(reading.writing, b"two")
    await asyncio.wait_for(reading.fed.wait(), 5)
    assert reading.chunks == [b"one", b"twotwotwo"]
    os.write(reading.writing, b"three")
    os.close(reading.writing)
    reading.reader.stop_pausing()
    assert (reading.chunks[2:], reading.reader.closed, reading.ends) == ([b"three"], True, 1)


async def test_a_pipe_that_stays_empty_is_watched_after_a_pause() -> None:
    reading = Reading(pause_s=0.001)
    for text in (b"one", b"two"):
        reading.fed.clear()
        os.write(reading.writing, text)
        await asyncio.wait_for(reading.fed.wait(), 5)
        await until_async(lambda: reading.reader._is_watched)
    assert reading.chunks == [b"one", b"two"]
    reading.reader.close()
    os.close(reading.writing)
