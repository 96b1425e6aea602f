"""Encoding and decoding of the spawner's messages."""

from __future__ import annotations

from ffmpeg_worker.process.wire import MessageReader, encode_message

MESSAGES = [{"do": "start", "id": 1, "argv": ["ffmpeg", "é"]}, {"do": "kill", "id": 1, "signal": 9}]


def test_a_message_is_its_length_and_json() -> None:
    assert encode_message({"a": 1}) == b'\x00\x00\x00\x08{"a": 1}'


def test_messages_are_read_from_bytes_one_by_one() -> None:
    reader = MessageReader()
    data = b"".join(map(encode_message, MESSAGES))
    assert [message for byte in data for message in reader.feed(bytes([byte]))] == MESSAGES


def test_a_chunk_with_several_messages_gives_all_of_them() -> None:
    assert list(MessageReader().feed(b"".join(map(encode_message, MESSAGES)))) == MESSAGES


def test_an_incomplete_message_gives_nothing() -> None:
    assert list(MessageReader().feed(encode_message(MESSAGES[0])[:-1])) == []
