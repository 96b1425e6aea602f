"""An HTTP door of the RunPod worker's own: a child process that is kept running and never outlives it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.logs import log

_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 10.0
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_SETTLED_S = 30.0
# What only the platform's own client needs; commands of strangers run below the HTTP door.
_WITHHELD = ("RUNPOD_AI_API_KEY", "RUNPOD_API_KEY", "FFMPEG_WORKER_RUNPOD_API_KEY")
VOLUME = Path("/runpod-volume")
"""Where RunPod mounts a network volume."""
_SERVE = (sys.executable, "-m", "ffmpeg_worker", "serve", "--port", "0")


class OwnApi:
    """Runs `ffmpeg-worker serve` on a free port of loopback, and runs it again when it ends.

    The child ends when the lifeline closes, and the system closes that whatever ends this process.
    """

    def __init__(self, command: Sequence[str] = _SERVE) -> None:
        self.api_key = secrets.token_urlsafe(32)
        self._command = tuple(command)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, name="own-api", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None
        self._base_url: str | None = None
        self._gave_up: str | None = None
        # The SDK forks a process for its heartbeat, which lives on when this one is killed.
        os.register_at_fork(after_in_child=self._let_go)

    def start(self) -> None:
        """Start it; returns at once, `base_url` says when it can be used."""
        self._thread.start()

    def base_url(self) -> str | None:
        """Its address, up to `/api`; None while it is not running."""
        return self._base_url

    def gave_up(self) -> str | None:
        """A sentence why it is not started any more; None while it is."""
        return self._gave_up

    def close(self) -> None:
        """Stop it and its jobs; returns when it is gone."""
        self._closing.set()
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGTERM)
            self._thread.join(_STOP_WITHIN_S)
            process.kill()
        self._thread.join(_STOP_WITHIN_S)

    def _keep_running(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._closing.is_set():
            began = time.monotonic()
            status = self._run_once(began)
            if self._closing.is_set():
                return
            if status == Misconfigured.exit_code:
                self._gave_up = "it refuses the settings it was started with."
                log(logging.ERROR, "own api gave up", exit_status=status)
                return
            pause = _FIRST_PAUSE_S if time.monotonic() - began > _SETTLED_S else pause
            log(logging.ERROR, "own api ended", exit_status=status, restart_in_s=pause)
            self._closing.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _run_once(self, began: float) -> int | None:
        """Run it from start to end; returns its exit status, or None when it could not be started."""
        ready, ready_end = os.pipe()
        lifeline_end, self._lifeline = os.pipe()
        try:
            process = self._spawn(ready_end, lifeline_end)
        except OSError as error:
            log(logging.ERROR, "own api not started", reason=str(error))
            self._close_lifeline()
            os.close(ready)
            return None
        finally:
            os.close(ready_end)
            os.close(lifeline_end)
        self._process = process
        if self._closing.is_set():  # `close` may have looked before there was a process
            process.terminate()
        with open(ready, "rb") as stream:  # noqa: PTH123 - a descriptor has no path
            self._base_url = _read_address(stream.fileno())
        if self._base_url is None:
            process.kill()
        else:
            seconds = round(time.monotonic() - began, 3)
            log(logging.INFO, "own api ready", url=self._base_url, pid=process.pid, seconds=seconds)
        status = process.wait()
        self._base_url = self._process = None
        self._close_lifeline()
        return status

    def _spawn(self, ready_end: int, lifeline_end: int) -> subprocess.Popen[bytes]:
        descriptors = ("--ready-fd", str(ready_end), "--lifeline-fd", str(lifeline_end))
        inherited = {name: value for name, value in os.environ.items() if name not in _WITHHELD}
        return subprocess.Popen(
            [*self._command, *descriptors],
            stdin=subprocess.DEVNULL,
            stdout=2,  # standard output belongs to the answer of the local test mode
            pass_fds=(ready_end, lifeline_end),
            # Ctrl-C reaches the whole group: the worker decides when its jobs are to be stopped.
            start_new_session=True,
            env={
                **inherited,
                **_volume(),
                "FFMPEG_WORKER_HOST": "127.0.0.1",
                "FFMPEG_WORKER_API_KEYS": self.api_key,
            },
        )

    def _close_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def _let_go(self) -> None:
        """In a fork of this process: neither hold the lifeline nor stop what is not a child of the fork."""
        with contextlib.suppress(OSError):
            self._close_lifeline()
        self._process = None


def _volume() -> dict[str, str]:
    """A network volume is the data root, unless somebody chose one."""
    is_chosen = any(name.upper() == "FS_PATH" for name in (*os.environ, *_names_in_file(Path(".env"))))
    return {"FS_PATH": str(VOLUME)} if VOLUME.is_dir() and not is_chosen else {}


def _names_in_file(path: Path) -> list[str]:
    if not path.exists():
        return []
    from dotenv import dotenv_values  # noqa: PLC0415 - rarely needed, and the HTTP door is to start soon

    return [*dotenv_values(path)]


def _read_address(ready: int) -> str | None:
    """Wait for the line that says where it listens; None when it ended or kept silent."""
    deadline = time.monotonic() + _READY_WITHIN_S
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([ready], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(ready, 4096) if readable else b""
        if not chunk:
            return None
        line += chunk
    try:
        return str(json.loads(line)["url"]).rstrip("/") + "/api"
    except (ValueError, KeyError, TypeError):
        return None
