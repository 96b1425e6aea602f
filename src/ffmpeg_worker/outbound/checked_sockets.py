"""The sockets of one request: each address is checked, and all can be closed at once."""

from __future__ import annotations

import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.outbound.rules import OutboundRules

_CLOSE_AT_ONCE = struct.pack("ii", 1, 0)


class _Refused(OSError):
    """The address of the connection is not allowed."""


@dataclass(slots=True)
class CheckedSockets:
    """Checks every address that a connection is attempted to, after name resolution and just before connecting."""

    rules: OutboundRules
    host: str
    has_refused: bool = field(default=False, init=False)
    has_allowed: bool = field(default=False, init=False)
    _opened: list[socket.socket] = field(default_factory=list, init=False)

    def open(self, info: tuple[Any, ...]) -> socket.socket:
        """Open a socket for an address as `socket.getaddrinfo` returns it; a `socket_factory` of aiohttp."""
        family, kind, protocol, _, address = info
        if not self.rules.allows(address[0], address[1], self.host):
            self.has_refused = True
            raise _Refused("address not allowed")
        self.has_allowed = True
        opened = socket.socket(family, kind, protocol)
        self._opened.append(opened)
        return opened

    def forget(self) -> None:
        """Forget earlier connections, before another request of a session that is kept."""
        self.has_refused = self.has_allowed = False
        self._opened = [opened for opened in self._opened if opened.fileno() >= 0]

    def abort(self) -> None:
        """Close the connections immediately, without sending what is buffered.

        Closing a transport of asyncio waits until its buffer has been sent: for ever, if the server does not read.
        """
        for opened in self._opened:
            with contextlib.suppress(OSError):  # it is closed already
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_AT_ONCE)
                opened.shutdown(socket.SHUT_RDWR)
