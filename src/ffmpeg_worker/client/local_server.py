"""Runs `ffmpeg-worker serve` as a child process of this one."""

# RunPod's worker starts the API before anything else: this module imports nothing that takes long.
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
from collections.abc import Mapping, Sequence
from pathlib import Path

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.logs import log

_READY_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 10.0
_FIRST_PAUSE_S = 0.2
_MAX_PAUSE_S = 10.0
_STABLE_AFTER_S = 30.0
# Without the current folder among the folders of modules (-P): jobs may write it where it is the data root.
_SERVE = (sys.executable, "-P", "-m", "ffmpeg_worker", "serve", "--port", "0")


class LocalServer:
    """An API on a free port of loopback, in a child process with an API key of its own.

    The child ends when the lifeline pipe closes, and the system closes that pipe however this process ends.
    `restarts` says whether the child is started again when it ends.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        command: Sequence[str] = _SERVE,
        log_path: Path | None = None,
        restarts: bool = True,
    ) -> None:
        """`log_path` receives the child's output; by default it goes to this process's standard error."""
        self.api_key = secrets.token_urlsafe(32)
        self._environment = {
            **environment,
            "FFMPEG_WORKER_HOST": "127.0.0.1",
            "FFMPEG_WORKER_API_KEYS": self.api_key,
        }
        self._command = tuple(command)
        self._log_path = log_path
        self._restarts = restarts
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, name="local-server", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None
        self._base_url: str | None = None
        self._failure: str | None = None
        # RunPod's SDK forks a process for its heartbeat, which survives when this one is killed.
        os.register_at_fork(after_in_child=self._release_in_fork)

    def start(self) -> None:
        """Start the child and return at once; `base_url` says when it takes jobs."""
        self._thread.start()

    def base_url(self) -> str | None:
        """The URL up to `/api`; None while the child is not running."""
        return self._base_url

    def failure(self) -> str | None:
        """A sentence that says why the child is not started again; None while it may be."""
        return self._failure

    def close(self) -> None:
        """Stop the child and its jobs; returns when the child has ended."""
        self._closing.set()
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGTERM)
            self._thread.join(_STOP_TIMEOUT_S)
            process.kill()
        self._thread.join(_STOP_TIMEOUT_S)

    def _keep_running(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._closing.is_set():
            began = time.monotonic()
            status = self._run_once(began)
            if self._closing.is_set():
                return
            if status == Misconfigured.exit_code or not self._restarts:
                self._failure = _describe_end(status)
                log(logging.ERROR, "local server failed", exit_status=status)
                return
            pause = _FIRST_PAUSE_S if time.monotonic() - began > _STABLE_AFTER_S else pause
            log(logging.ERROR, "local server ended", exit_status=status, restart_in_s=pause)
            self._closing.wait(pause)
            pause = min(pause * 2, _MAX_PAUSE_S)

    def _run_once(self, began: float) -> int | None:
        """Run the child from start to end; return its exit status, or None when it could not be started."""
        ready, ready_end = os.pipe()
        lifeline_end, self._lifeline = os.pipe()
        try:
            process = self._spawn(ready_end, lifeline_end)
        except OSError as error:
            log(logging.ERROR, "local server not started", reason=str(error))
            self._close_lifeline()
            os.close(ready)
            return None
        finally:
            os.close(ready_end)
            os.close(lifeline_end)
        self._process = process
        if self._closing.is_set():  # `close` may have run before there was a process
            process.terminate()
        with open(ready, "rb") as stream:  # noqa: PTH123 - a descriptor has no path
            self._base_url = _read_base_url(stream.fileno())
        if self._base_url is None:
            process.kill()
        else:
            seconds = round(time.monotonic() - began, 3)
            log(logging.INFO, "local server ready", url=self._base_url, pid=process.pid, seconds=seconds)
        status = process.wait()
        self._base_url = self._process = None
        self._close_lifeline()
        return status

    def _spawn(self, ready_end: int, lifeline_end: int) -> subprocess.Popen[bytes]:
        descriptors = ("--ready-fd", str(ready_end), "--lifeline-fd", str(lifeline_end))
        with contextlib.ExitStack() as stack:
            # Standard output belongs to the parent, which prints results there.
            output = 2 if self._log_path is None else stack.enter_context(self._log_path.open("wb"))
            return subprocess.Popen(
                [*self._command, *descriptors],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(ready_end, lifeline_end),
                # Ctrl-C reaches the whole process group, but the parent decides when jobs are stopped.
                start_new_session=True,
                env=self._environment,
            )

    def _close_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def _release_in_fork(self) -> None:
        """In a fork of this process: close the lifeline, and forget the child, which is not the fork's."""
        with contextlib.suppress(OSError):
            self._close_lifeline()
        self._process = None


def _describe_end(status: int | None) -> str:
    if status == Misconfigured.exit_code:
        return "it refuses the settings it was started with."
    return "it could not be started." if status is None else f"it ended with exit status {status}."


def _read_base_url(ready: int) -> str | None:
    """Wait for the line with the server's URL; None when the server ended or did not get ready in time."""
    deadline = time.monotonic() + _READY_TIMEOUT_S
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
