"""An API server as a process, on a free port, with its own folders."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from support.find_paths import find_paths
from support.processes import alive
from support.programs import serve_api
from support.servers.forked_server import ForkedServer, fork_server

_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 60.0
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "FFMPEG_PATH", "FFPROBE_PATH")


@dataclass(frozen=True)
class Server:
    """A server that takes jobs at `url` (no slash at its end); `data_root` is where its files are."""

    url: str
    data_root: Path
    scratch_root: Path
    log_path: Path
    process: ForkedServer | subprocess.Popen[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    def job_folders(self) -> list[Path]:
        """The scratch folders of the jobs that run now."""
        return [entry for entry in find_paths(self.scratch_root, "worker-*/*") if entry.name != ".lock"]

    def engines(self) -> list[int]:
        """The ffmpegs of jobs that run now, of queued ones too; a probe that waits for their outputs is none."""
        return [pid for pid in self.programs() if b"probe_program" not in _command_line(pid)]

    def programs(self) -> list[int]:
        """The processes that run in folders of jobs now."""
        return [
            int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and self._is_ours(entry)
        ]

    def _is_ours(self, entry: Path) -> bool:
        try:
            folder = (entry / "cwd").readlink()
        except OSError:
            return False
        roots = (self.scratch_root, self.data_root.parent / "state" / "jobs")
        return any(map(folder.is_relative_to, roots)) and alive(int(entry.name))

    def is_idle(self) -> bool:
        """Whether nothing of any job is left."""
        return not self.job_folders() and not self.programs()

    def log_lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """The log lines so far: all, or those of one event."""
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [line for line in lines if event is None or line["event"] == event]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it with a signal; returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(_STOP_WITHIN_S)

    def close_lifeline(self) -> int:
        """Close its lifeline, as the death of its parent does; returns its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(_STOP_WITHIN_S)


@contextmanager
def running_server(folder: Path, program: ModuleType = serve_api, /, **variables: str) -> Iterator[Server]:
    """Start a server with its data root in `folder / "data"`, and end it on the way out.

    Args:
        folder: an empty folder, or one whose `data` is filled already.
        program: what serves.
        variables: more of the environment, e.g. `ENV="production"`; nothing else of our own reaches it but the
            programs' paths.
    """
    data_root, scratch_root, log_path = folder / "data", folder / "scratch", folder / "log.jsonl"
    data_root.mkdir(exist_ok=True)
    environment: Mapping[str, str] = {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PORT": "0",
        "FS_PATH": str(data_root),
        "FFMPEG_WORKER_SCRATCH_ROOT": str(scratch_root),
        **variables,
    }
    path = Path(str(program.__file__))
    with (
        log_path.open("w") as log,
        closing(fork_server(path, folder=folder, environment=environment, log=log)) as process,
    ):
        try:
            url = _read_address(process, log_path)
            yield Server(url, data_root.resolve(), scratch_root.resolve(), log_path, process)
        finally:
            _end(process)


def _read_address(process: ForkedServer, log_path: Path) -> str:
    readable, _, _ = select.select([process.stdout], [], [], _READY_WITHIN_S)
    line = process.stdout.readline().strip() if readable else ""
    assert line, f"the server did not start:\n{log_path.read_text()}"
    return line


def _end(process: ForkedServer) -> None:
    process.terminate()
    try:
        process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended
        return b""
