"""The socket to the spawner program."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

from ffmpeg_worker.process.channel import Channel
from ffmpeg_worker.process.wire import Message, MessageReader, encode_message


class Received:
    """What the channel reported."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.losses = 0
        self.lost = asyncio.Event()

    def lose(self) -> None:
        self.losses += 1
        self.lost.set()


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    theirs.close()
    ours.close()


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


async def test_a_message_arrives_with_its_descriptors(sockets: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = sockets
    channel = Channel(ours, lambda _: None, lambda: None)
    reading, writing = os.pipe()
    channel.send({"id": 1}, [writing])
    data, descriptors, _, _ = socket.recv_fds(theirs, 1000, 4)
    assert list(MessageReader().feed(data)) == [{"id": 1}]
    os.write(descriptors[0], b"x")
    os.close(descriptors[0])
    os.set_blocking(reading, False)
    assert (os.read(reading, 10), os.read(reading, 10)) == (b"x", b"")  # the channel has closed its own
    os.close(reading)
    channel.close()


async def test_received_messages_are_passed_on(sockets: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = sockets
    received = Received()
    channel = Channel(ours, received.messages.append, received.lose)
    theirs.sendall(encode_message({"id": 1, "is": "started"}) + encode_message({"id": 2}))
    theirs.close()
    await asyncio.wait_for(received.lost.wait(), 5)
    assert received.messages == [{"id": 1, "is": "started"}, {"id": 2}]
    assert channel.lost


async def test_more_than_the_socket_takes_is_sent_later(sockets: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = sockets
    theirs.setblocking(False)
    channel = Channel(ours, lambda _: None, lambda: None)
    large = {"text": "x" * 2_000_000}
    channel.send(large)
    channel.send({"id": 2})
    reader, messages = MessageReader(), list[Message]()
    async with asyncio.timeout(5):
        while len(messages) < 2:
            messages += reader.feed(await asyncio.get_running_loop().sock_recv(theirs, 65536))
    assert messages == [large, {"id": 2}]
    channel.close()


async def test_a_closed_channel_closes_descriptors_and_reports_its_loss_once(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    received = Received()
    channel = Channel(sockets[0], received.messages.append, received.lose)
    channel.close()
    channel.close()
    assert received.losses == 1
    reading, writing = os.pipe()
    channel.send({"id": 1}, [reading, writing])
    assert not is_open(reading)
    assert not is_open(writing)


async def test_end_lets_the_other_side_answer(sockets: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = sockets
    received = Received()
    channel = Channel(ours, received.messages.append, received.lose)
    channel.end()
    assert theirs.recv(10) == b""
    theirs.sendall(encode_message({"id": 1, "is": "ended"}))
    theirs.close()
    await asyncio.wait_for(received.lost.wait(), 5)
    assert received.messages == [{"id": 1, "is": "ended"}]
    channel.end()
