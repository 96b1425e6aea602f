"""Processes that share a queue of jobs: APIs that only take jobs, and workers that run them."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from types import MappingProxyType
from typing import Any

from support.wait_until import until

_READY_WITHIN_S = 90.0
_STOP_WITHIN_S = 60.0
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "FFMPEG_PATH", "FFPROBE_PATH")
_TESTS = Path(__file__).parents[2]


@dataclass
class Member:
    """A process of the fleet, which may still be starting.

    Attributes:
        ready: what it wrote when it was ready: `url` of an API; `executor` and `health_url` of a worker.
    """

    pid: int
    folder: Path
    ready_pipe: int
    end_pipe: int
    ready: dict[str, Any] = field(default_factory=dict)

    def wait_until_ready(self) -> Member:
        """Wait until it takes jobs."""
        with os.fdopen(self.ready_pipe) as lines:
            readable, _, _ = select.select([lines], [], [], _READY_WITHIN_S)
            line = lines.readline() if readable else ""
        assert line, self.log()[-3000:]
        self.ready = json.loads(line)
        return self

    @property
    def executor(self) -> str:
        """The name of a worker among those of the database."""
        return str(self.ready["executor"])

    def log(self) -> str:
        return (self.folder / "log.jsonl").read_text()

    def log_lines(self, event: str) -> list[dict[str, Any]]:
        """The log lines of an event so far."""
        return [line for line in map(json.loads, self.log().splitlines()) if line["event"] == event]

    def has_lost_a_job(self) -> bool:
        """Whether it has found that another worker runs a job of its own now."""
        return bool(self.log_lines("another worker runs the job, or has ended it"))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> int | None:
        """Wait for its end; returns its exit code, `None` if it was killed."""
        readable, _, _ = select.select([self.end_pipe], [], [], _STOP_WITHIN_S)
        assert readable, f"it has not ended:\n{self.log()[-3000:]}"
        code = os.read(self.end_pipe, 16)
        return int(code) if code else None


@dataclass
class Fleet:
    """Starts processes with common variables; each has folders of its own below `root`."""

    root: Path
    variables: Mapping[str, str]
    control: socket.socket
    members: list[Member] = field(default_factory=list)

    def start(
        self,
        *arguments: str,
        state: Path | None = None,
        is_on_other_machine: bool = False,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> Member:
        """Start a command of `ffmpeg-worker`; several can start at the same time.

        Args:
            arguments: the command and its options.
            state: the state folder, if it is not its own.
            is_on_other_machine: whether its death can be seen only by its silence.
            variables: more of its environment.
        """
        folder = self.root / str(len(self.members))
        (folder / "data").mkdir(parents=True)
        environment = {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "FS_PATH": str(folder / "data"),
            "FFMPEG_WORKER_SCRATCH_ROOT": str(folder / "scratch"),
            "FFMPEG_WORKER_STATE_ROOT": str(state or folder / "state"),
            **self.variables,
            **variables,
        }
        request = {
            "arguments": arguments,
            "cwd": str(folder),
            "env": environment,
            "is_on_other_machine": is_on_other_machine,
        }
        (ready, their_ready), (end, their_end) = os.pipe(), os.pipe()
        with (folder / "log.jsonl").open("wb") as log:
            theirs = (log.fileno(), their_ready, their_end)
            socket.send_fds(self.control, [json.dumps(request).encode()], theirs)
            pid = int(self.control.recv(16))
        for descriptor in (their_ready, their_end):
            os.close(descriptor)
        self.members.append(Member(pid, folder, ready, end))
        return self.members[-1]

    def close(self) -> None:
        """Kill what still runs."""
        for member in self.members:
            member.signal(signal.SIGCONT)
            member.signal(signal.SIGKILL)
        for member in self.members:
            member.wait()
            os.close(member.end_pipe)


@contextmanager
def open_fleet(root: Path, variables: Mapping[str, str] = MappingProxyType({})) -> Iterator[Fleet]:
    """A fleet without processes, all of which end with the context; `variables` are those of all."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(_READY_WITHIN_S)
    with theirs:
        program = [sys.executable, "-m", "support.programs.fleet_server", str(theirs.fileno())]
        process = subprocess.Popen(program, cwd=_TESTS, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),))
    fleet = Fleet(root, variables, ours)
    try:
        yield fleet
    finally:
        with ours:
            fleet.close()
        process.wait(_STOP_WITHIN_S)


@dataclass(frozen=True)
class Answer:
    """An answer of an API."""

    status: int
    headers: Message
    json: Any


@dataclass(frozen=True)
class Caller:
    """Calls an API at `url` with a key."""

    url: str
    key: str | None = None

    def call(self, method: str, path: str, body: Any = None, *, timeout_s: float = 60.0) -> Answer:
        """Send a request; returns the answer, whatever its status."""
        headers = {"Content-Type": "application/json"} | ({"X-API-Key": self.key} if self.key else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:
                return Answer(response.status, response.headers, json.load(response))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, json.load(error))

    def send(self, job: Any) -> str:
        """Queue a job; returns its id."""
        answer = self.call("POST", "/jobs", job)
        assert answer.status == 202, answer.json
        return str(answer.json["id"])

    def show(self, job_id: str) -> dict[str, Any]:
        """The record of a job as it is now."""
        answer = self.call("GET", f"/jobs/{job_id}")
        assert answer.status == 200, answer.json
        return dict(answer.json)

    def wait(self, job_id: str, *statuses: str, within_s: float = 60.0) -> dict[str, Any]:
        """The record of a job when it has one of these states, by default those of its end."""
        wanted = statuses or ("succeeded", "failed", "cancelled")
        record: dict[str, Any] = {}

        def has_come() -> bool:
            record.clear()
            record.update(self.show(job_id))
            return record["status"] in wanted

        try:
            until(has_come, within_s=within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {record}") from None
        return record
