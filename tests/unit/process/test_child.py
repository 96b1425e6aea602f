"""The handle of a child, driven by the messages of a spawner program."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import cast

import pytest

from ffmpeg_worker.process.channel import Channel
from ffmpeg_worker.process.child import Child, Exit, Output
from ffmpeg_worker.process.pipes import PipeWriter
from ffmpeg_worker.process.wire import Message
from support.wait_until import until_async

STARTED = {"id": 7, "is": "started", "pid": 4711}


class Sent:
    """A channel that keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def signals(self) -> list[int]:
        return [message["signal"] for message in self.messages if message["do"] == "kill" and message["id"] == 7]


def ended(status: int) -> Message:
    return {"id": 7, "is": "ended", "status": status, "cpu_seconds": 0.5, "max_rss_bytes": 1000}


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
async def child(sent: Sent) -> Child:
    return Child(7, cast(Channel, sent), None)


@pytest.mark.parametrize(
    ("status", "result"),
    [(0, Exit(0, None, 0.5, 1000)), (3, Exit(3, None, 0.5, 1000)), (-9, Exit(None, signal.SIGKILL, 0.5, 1000))],
)
async def test_a_status_is_an_exit_code_or_a_signal(child: Child, status: int, result: Exit) -> None:
    child.handle(STARTED)
    assert await child.started()
    assert child.pid == 4711
    child.handle(ended(status))
    assert await child.wait() == result
    assert not child.stopped


async def test_a_program_that_cannot_be_started(child: Child) -> None:
    child.handle({"id": 7, "is": "failed", "reason": "No such file"})
    assert not await child.started()
    assert child.failure == "No such file"
    assert (await child.wait()).code is None


async def test_a_lost_spawner_has_killed_its_children(child: Child) -> None:
    child.handle(STARTED)
    child.handle_lost_spawner()
    assert (await child.wait()).signal == signal.SIGKILL


async def test_stop_sends_term_and_waits(child: Child, sent: Sent) -> None:
    child.handle(STARTED)
    stopping = asyncio.ensure_future(child.stop())
    await asyncio.sleep(0)
    assert sent.signals == [signal.SIGTERM]
    child.handle(ended(255))
    assert (await stopping).code == 255
    assert child.stopped
    assert sent.signals == [signal.SIGTERM]


async def test_stop_kills_after_the_grace(child: Child, sent: Sent) -> None:
    child.handle(STARTED)
    stopping = asyncio.ensure_future(child.stop(0.01))
    await until_async(lambda: len(sent.signals) == 2)
    assert sent.signals == [signal.SIGTERM, signal.SIGKILL]
    child.handle(ended(-9))
    assert (await stopping).signal == signal.SIGKILL


async def test_without_grace_it_is_killed_at_once(child: Child, sent: Sent) -> None:
    child.handle(STARTED)
    stopping = asyncio.ensure_future(child.stop(0))
    await asyncio.sleep(0)
    assert sent.signals == [signal.SIGKILL]
    child.handle(ended(-9))
    await stopping


async def test_a_cancelled_stop_is_raised_after_the_end(child: Child) -> None:
    child.handle(STARTED)
    stopping = asyncio.ensure_future(child.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.sleep(0)
    assert not stopping.done()
    child.handle(ended(255))
    with pytest.raises(asyncio.CancelledError):
        await stopping


async def test_an_ended_child_gets_no_signals(child: Child, sent: Sent) -> None:
    child.handle(STARTED)
    child.handle(ended(0))
    child.kill()
    await child.stop()
    assert sent.signals == []


async def test_its_context_stops_it(child: Child, sent: Sent) -> None:
    child.handle(STARTED)

    async def fail() -> None:
        async with child:
            asyncio.get_running_loop().call_soon(child.handle, ended(255))
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await fail()
    assert sent.signals == [signal.SIGTERM]


async def test_the_end_waits_for_the_output(child: Child) -> None:
    reading, writing = os.pipe()
    output = bytearray()
    child.add_reader(1, reading, Output(output.extend))
    child.handle(STARTED)
    os.write(writing, b"before the end")
    child.handle(ended(0))
    waiting = asyncio.ensure_future(child.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    os.close(writing)
    await asyncio.wait_for(waiting, 5)
    assert output == b"before the end"


async def test_too_much_output_kills_it(child: Child, sent: Sent) -> None:
    reading, writing = os.pipe()
    output = bytearray()
    child.add_reader(2, reading, Output(output.extend, max_bytes=10))
    child.handle(STARTED)
    os.write(writing, b"x" * 11)
    os.close(writing)
    await until_async(lambda: child.overflowed is not None)
    assert (child.overflowed, sent.signals, bytes(output)) == (2, [signal.SIGKILL], b"")
    child.handle(ended(-9))
    await child.wait()


async def test_its_input_is_closed_when_it_ends(sent: Sent) -> None:
    reading, writing = os.pipe()
    child = Child(7, cast(Channel, sent), PipeWriter(writing))
    child.handle(STARTED)
    child.handle(ended(0))
    await child.wait()
    assert os.read(reading, 1) == b""
    os.close(reading)
