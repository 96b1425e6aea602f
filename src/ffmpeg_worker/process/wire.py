"""Messages between worker and spawner program: a 4-byte big-endian length, then a JSON object."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]

_LENGTH = struct.Struct("!I")


def encode_message(message: Message) -> bytes:
    """Encode one message for the socket."""
    body = json.dumps(message).encode()
    return _LENGTH.pack(len(body)) + body


class MessageReader:
    """Splits a byte stream into messages; chunks may end anywhere."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """Yield the messages that this chunk completes."""
        self._buffer += chunk
        while len(self._buffer) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._buffer)[0]
            if len(self._buffer) < end:
                return
            message = json.loads(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield message
