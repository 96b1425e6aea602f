"""Made-up secrets, and a search for them in places where they must not appear."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from support.processes import children_of

_MAX_FILE_BYTES = 1 << 20
_PAUSE_S = 0.01
_EXEC_WITHIN_S = 1.0
_KINDS = ("cmdline", "environ", "name", "file")


class Canaries:
    """Made-up secrets, each with a label of where it was given to the worker."""

    def __init__(self) -> None:
        self._needles: dict[bytes, str] = {}

    def plant(self, place: str) -> str:
        """A new secret, with characters that encodings change."""
        return self.watch(place, f'{token_hex(8)}/+"ü={token_hex(4)}')

    def plant_plain(self, place: str) -> str:
        """A new secret of letters and digits, for places that take no others."""
        return self.watch(place, f"canary{token_hex(12)}")

    def watch(self, place: str, secret: str) -> str:
        """Look for a given secret too: as it is, and as encoded in URLs, JSON and Base64."""
        raw = secret.encode()
        spellings = {raw, quote(secret, safe="").encode(), quote(secret).encode()}
        spellings |= {json.dumps(secret, ensure_ascii=ascii_only)[1:-1].encode() for ascii_only in (True, False)}
        spellings |= {base64.b64encode(b" " * shift + raw)[4 * bool(shift) : -4] for shift in range(3)}
        self._needles |= {spelling: place for spelling in spellings if len(spelling) >= 12}
        return secret

    def found_in(self, text: str | bytes) -> set[str]:
        """The labels of the secrets that a text contains."""
        data = text.encode() if isinstance(text, str) else text
        # A copy: another thread may add secrets meanwhile.
        return {place for needle, place in list(self._needles.items()) if needle in data}

    def __len__(self) -> int:
        return len(self._needles)


@dataclass
class Watch:
    """Searches the children of a process and a folder for secrets, again and again."""

    canaries: Canaries
    pid: int
    folder: Path
    found: set[tuple[str, str]] = field(default_factory=set)
    """Kind of place and label of the secret."""
    looked_at: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_KINDS, 0))
    _searched: set[tuple[int, bytes]] = field(default_factory=set)
    _first_seen: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        """Search the command lines and environments of all processes below, and all small files, once."""
        for pid in _below(self.pid):
            if self._is_before_exec(pid):
                continue
            for kind in ("cmdline", "environ"):
                with suppress(OSError):
                    self._judge(kind, Path(f"/proc/{pid}/{kind}").read_bytes())
        for root, folders, names in os.walk(self.folder):  # it ignores folders that vanish meanwhile
            self._judge("name", "/".join([*folders, *names]).encode())
            for path in (Path(root) / name for name in names):
                with suppress(OSError):
                    if path.is_file() and path.stat().st_size <= _MAX_FILE_BYTES:
                        self._judge("file", path.read_bytes())

    def _is_before_exec(self, pid: int) -> bool:
        """Whether the process is a fork of the watched one that will soon run its own program."""
        with suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes() != Path(f"/proc/{self.pid}/cmdline").read_bytes():
                return False
        return time.monotonic() - self._first_seen.setdefault(pid, time.monotonic()) < _EXEC_WITHIN_S

    def _judge(self, kind: str, data: bytes) -> None:
        self.looked_at[kind] += bool(data)
        # The same data needs another search only when there are more secrets.
        key = (len(self.canaries), hashlib.blake2b(data).digest())
        if key not in self._searched:
            self.found |= {(kind, place) for place in self.canaries.found_in(data)}
            self._searched.add(key)


@contextmanager
def watching(canaries: Canaries, pid: int, folder: Path) -> Iterator[Watch]:
    """Search in a thread until the context ends."""
    watch, ended = Watch(canaries, pid, folder), threading.Event()

    def look() -> None:
        while not ended.wait(_PAUSE_S):
            watch.look()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()


def _below(pid: int) -> list[int]:
    children = children_of(pid)
    return [*children, *(other for child in children for other in _below(child))]


class _Gossip(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        rest = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(rest)
        told = f"<Error><Code>Bad</Code><Message>{self.path} {self.headers.as_string()}</Message></Error>".encode()
        self.send_response(int(self.path[1:4]) if self.path[1:4].isdigit() else 400)
        self.send_header("X-Told", self.headers.get("Authorization", "").replace("\n", " "))
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def gossiping_server() -> Iterator[str]:
    """Serve a store that refuses requests with the status in their path and repeats them; yields its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Gossip)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
