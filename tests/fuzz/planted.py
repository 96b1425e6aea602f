"""Planted secrets and a server that no job may reach."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.attacks.planted_secrets import Canaries

ENVIRONMENT = "FUZZ_CANARY"
_IN_ACCESS, _IN_MODIFY, _IN_OPEN = 0x1, 0x2, 0x20
_IN_CREATE, _IN_DELETE, _IN_MOVED_TO = 0x100, 0x200, 0x80
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Planted:
    """A folder outside every data root that every user may read, and a port; records every access to them."""

    folder: Path
    port: int
    canaries: Canaries
    _watch: int
    _server: socket.socket

    @property
    def secret(self) -> Path:
        """A file that contains a secret."""
        return self.folder / "secret.txt"

    def find_accesses(self) -> list[str]:
        """Describe the accesses to the folder and the port since the last call."""
        found = []
        with suppress(BlockingIOError):
            found.append(f"{len(os.read(self._watch, 1 << 16))} bytes of events in the folder outside")
        with suppress(BlockingIOError):
            self._server.accept()[0].close()
            found.append("a client connected to the port")
        return found

    def find_leaks(self, text: str | bytes) -> set[str]:
        """Return the labels of the secrets that a text contains."""
        return self.canaries.found_in(text)


@contextmanager
def plant_secrets(folder: Path) -> Iterator[Planted]:
    """Plant a secret in a file and in the environment, and start a server on 127.0.0.1."""
    folder.mkdir()
    folder.chmod(0o777)
    canaries = Canaries()
    (folder / "secret.txt").write_text(f"title={canaries.plant_plain('file')}\n")
    (folder / "secret.txt").chmod(0o666)
    os.environ[ENVIRONMENT] = canaries.plant_plain("environment")
    watch = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    events = _IN_ACCESS | _IN_MODIFY | _IN_OPEN | _IN_CREATE | _IN_DELETE | _IN_MOVED_TO
    assert watch >= 0
    assert _libc.inotify_add_watch(watch, os.fsencode(folder), events) >= 0
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        try:
            yield Planted(folder, server.getsockname()[1], canaries, watch, server)
        finally:
            os.close(watch)
            del os.environ[ENVIRONMENT]
