"""A real PostgreSQL of this machine, in a temporary folder, on a free port of 127.0.0.1."""

from __future__ import annotations

import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

USER = "worker"
_START_WITHIN_S = 60.0
_POLL_S = 0.02
_UNPRIVILEGED = ("postgres", "nobody")
# What is committed survives the death of the server, but not that of the machine, which ends the test too.
_FAST = {"fsync": "off", "full_page_writes": "off"}
_SMALL = {"shared_buffers": "16MB", "max_connections": "100", "autovacuum": "off", "logging_collector": "off"}


@dataclass
class Postgres:
    """A server, which may be stopped and started again; each test takes a database of its own."""

    folder: Path
    port: int
    options: dict[str, str]
    _programs: Path
    _as_user: list[str]
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        """The URL of a database, as the worker's setting takes it."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Create an empty database; returns its URL."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = [part for name, value in self.options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_user, str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_WITHIN_S
        while not self._takes_connections():
            is_starting = self._process.poll() is None and time.monotonic() < deadline
            assert is_starting, (self.folder / "log").read_text()[-2000:]
            time.sleep(_POLL_S)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop it with its connections; `at_once`: like a machine that dies, so that it recovers at its start."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
        self._process.wait(_START_WITHIN_S)
        self._process = None

    def restart(self) -> None:
        """Stop it at once, and start it."""
        self.stop(at_once=True)
        self.start()

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self._process is not None:
            self.stop(at_once=True)

    def _takes_connections(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgres(**options: str) -> Iterator[Postgres]:
    """Run a new server; the test is skipped where PostgreSQL is not installed.

    `options` are of its configuration, such as `fsync="on"`, with which commits survive the death of the machine.
    """
    programs = _find_programs()
    as_user = _as_unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="ffmpeg-worker-postgres-", dir=_find_open_folder()))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _find_user().pw_uid, _find_user().pw_gid)
        port = _find_free_port()
        place = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
        server = Postgres(folder, port, {**_SMALL, **_FAST, **place, **options}, programs, as_user)
        command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8"]
        command += ["--locale=C", "--no-sync", "--no-instructions"]
        made = subprocess.run([*as_user, *command], capture_output=True, text=True, cwd=folder, check=False)
        assert made.returncode == 0, made.stderr
        server.start()
        try:
            yield server
        finally:
            server.close()
    finally:
        shutil.rmtree(folder)


def read_rows(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Read rows of a database."""
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode(), values).fetchall()


def _find_programs() -> Path:
    """The folder with the programs of PostgreSQL; Debian's newest, or where PATH has them."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    found += sorted(versions, key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))], reverse=True)
    if not found:
        pytest.skip("PostgreSQL is not installed")
    return found[0]


def _as_unprivileged_user() -> list[str]:
    """The beginning of a command that runs as another user than root, whom PostgreSQL refuses.

    The server dies with the thread that starts it, so none is left when the tests are killed.
    """
    setpriv = shutil.which("setpriv")
    death = [setpriv, "--pdeathsig", "QUIT"] if setpriv else []
    if os.geteuid() != 0:
        return death
    if setpriv is None:
        pytest.skip("PostgreSQL does not run as root, and setpriv is not installed")
    user = _find_user()
    return [*death, "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]


def _find_user() -> pwd.struct_passwd:
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(names[name] for name in _UNPRIVILEGED if name in names)


def _find_open_folder() -> str:
    """A folder for temporary files that other users may enter, unlike those of the tests."""
    for name in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        folder = Path(name).resolve()
        if os.geteuid() != 0 or all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents)):
            return str(folder)
    raise AssertionError("no folder for the database")


def _find_free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
