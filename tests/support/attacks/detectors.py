"""Detectors of attacks that succeed: watched folders, decoy servers, open ports, canaries in texts."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

CANARY = "CANARY-6d0f"
"""Every secret starts with it."""
LEAKS = (CANARY.encode(), b"root:x:0:0:")
_ACCESS, _MODIFY, _ATTRIBUTES, _OPEN, _MOVED, _CREATE, _DELETE = 0x01, 0x02, 0x04, 0x20, 0xC0, 0x100, 0x200
_WORDS = {
    _ACCESS: "read",
    _OPEN: "read",
    _MODIFY: "wrote",
    _ATTRIBUTES: "changed",
    _MOVED: "moved",
    _CREATE: "made",
    _DELETE: "removed",
}
_IS_FOLDER = 0x40000000
_EVENT = struct.Struct("=iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class FolderWatch:
    """Records every access to some folders, by inotify."""

    def __init__(self) -> None:
        self._descriptor = int(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._numbers: list[int] = []

    def watch(self, *folders: Path) -> None:
        """Watch these folders instead of earlier ones, from now on."""
        for number in self._numbers:
            _libc.inotify_rm_watch(self._descriptor, number)
        self.take_events()
        self._numbers = [_libc.inotify_add_watch(self._descriptor, os.fsencode(f), sum(_WORDS)) for f in folders]
        assert min(self._numbers) > 0, os.strerror(ctypes.get_errno())

    def take_events(self) -> list[str]:
        """The accesses since the last call, e.g. `read secret.env`."""
        found = []
        with suppress(BlockingIOError):
            while chunk := os.read(self._descriptor, 1 << 16):
                found += list(_events(chunk))
        return list(dict.fromkeys(found))

    def close(self) -> None:
        os.close(self._descriptor)


def _events(chunk: bytes) -> Iterator[str]:
    while chunk:
        _, mask, _, length = _EVENT.unpack_from(chunk)
        name = chunk[_EVENT.size : _EVENT.size + length].rstrip(b"\0").decode(errors="replace")
        chunk = chunk[_EVENT.size + length :]
        word = next((word for bit, word in _WORDS.items() if mask & bit), None)
        # Looking up a file may open its folder. Names that are listed and reported are found as text.
        if word and not (word == "read" and mask & _IS_FOLDER):
            yield f"{word} {name}"


class DecoyServers:
    """Servers on 127.0.0.1 that record each contact: TCP (any protocol), UDP and a Unix socket."""

    def __init__(self) -> None:
        self.hits: list[str] = []
        self.tcp = 0
        self.udp = 0

    async def settle(self) -> None:
        """Wait until all contacts so far are recorded."""
        quiet = 0
        while quiet < 3:
            before = len(self.hits)
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self.hits) == before else 0

    async def _record(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits.append(name)
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(reader.read(4096), 0.05)
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, servers: DecoyServers) -> None:
        self._servers = servers

    def datagram_received(self, _data: bytes, _address: object) -> None:
        self._servers.hits.append("UDP")


@asynccontextmanager
async def open_decoy_servers(unix: Path) -> AsyncIterator[DecoyServers]:
    """Open them; `unix` is the path of the Unix socket, which every user may connect to."""
    servers = DecoyServers()
    tcp = await asyncio.start_server(lambda r, w: servers._record("TCP", r, w), "127.0.0.1", 0)
    local = await asyncio.start_unix_server(lambda r, w: servers._record("Unix socket", r, w), unix)
    unix.chmod(0o777)
    loop = asyncio.get_running_loop()
    udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(servers), local_addr=("127.0.0.1", 0))
    servers.tcp = tcp.sockets[0].getsockname()[1]
    servers.udp = udp.get_extra_info("sockname")[1]
    try:
        yield servers
    finally:
        udp.close()
        for server in (tcp, local):
            server.close()
            await server.wait_closed()


def find_free_port() -> int:
    """A port that nobody uses now, for TCP and UDP; even, as RTP requires it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1]) & ~1
    while not _can_bind(port):
        port -= 2
    return port


def _can_bind(port: int) -> bool:
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(type=kind) as probe:
                probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def is_bound(port: int) -> bool:
    """Whether a socket of TCP or UDP is bound to this port; it costs some milliseconds."""
    return any(
        re.search(rf"^ *\d+: [0-9A-F]+:{port:04X} ", Path(f"/proc/net/{table}").read_text(), re.MULTILINE)
        for table in ("tcp", "tcp6", "udp", "udp6")
    )


def datagrams_sent() -> int:
    """How many datagrams this machine has sent; looking up a name sends one."""
    names, values = (line.split() for line in _lines_of_udp())
    return int(values[names.index("OutDatagrams")])


def _lines_of_udp() -> list[str]:
    return [line for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:")]


def find_leaks(*texts: bytes) -> list[str]:
    """The canaries that stand in any of the texts."""
    return [f"text {leak.decode()}" for leak in LEAKS if any(leak in text for text in texts)]
