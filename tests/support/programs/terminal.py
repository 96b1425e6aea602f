"""The command `ffmpeg-worker` as a real process."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ffmpeg_worker.settings import Settings, environment_variable_of

COMMAND = (sys.executable, "-m", "ffmpeg_worker")
_DEADLINE_S = 90


@dataclass(frozen=True)
class Ended:
    """The result of a command that ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Terminal:
    """Runs commands in the folder `here`; their scratch directories are in `scratch`."""

    here: Path
    scratch: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The test's own environment without any setting of the worker."""
        known = {environment_variable_of(name) for name in Settings.model_fields}
        kept = {name: value for name, value in os.environ.items() if name not in known}
        return kept | {"FFMPEG_WORKER_SCRATCH_ROOT": str(self.scratch)} | more

    def call(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
        """Run a command with stdout and stderr in pipes."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.here,
            env=self.environment(**(env or {})),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def run(self, job: Any, *options: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run a job, given on standard input."""
        return self.call("run", "-", *options, stdin=json.dumps(job), env=env)

    @contextmanager
    def started(self, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
        """Start a command in its own process group, and kill it at the end of the context."""
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.here,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def watched(self, *arguments: str) -> tuple[int, str]:
        """Run a command whose stdout and stderr are a terminal; returns its exit code and the text shown."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.here,
            env=self.environment(TERM="xterm", COLUMNS="200"),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            seen = _read_all(ours)
            return process.wait(_DEADLINE_S), seen

    def leftovers(self) -> list[Path]:
        """Entries that workers left in the scratch folder."""
        return [*self.scratch.iterdir()] if self.scratch.exists() else []


def new_terminal(root: Path) -> Terminal:
    """A terminal in a new empty folder below `root`."""
    (root / "here").mkdir()
    return Terminal(root / "here", root / "scratch")


def _read_all(descriptor: int) -> str:
    """Read the output of a terminal until the last process has closed it."""
    seen = b""
    try:
        while chunk := os.read(descriptor, 65536):
            seen += chunk
    except OSError:  # Linux says EIO where others say end of file
        pass
    finally:
        os.close(descriptor)
    return seen.decode()
