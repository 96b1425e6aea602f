"""`ffmpeg-worker serve`, started and stopped by another program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.programs.terminal import Terminal, new_terminal
from support.wait_until import until


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A shell in an empty folder."""
    return new_terminal(tmp_path)


def run_server(terminal: Terminal, end: Callable[[subprocess.Popen[str], int], None]) -> int:
    """Start a server with pipes as another program would, stop it, and return its exit code."""
    ready, ready_end = os.pipe()
    lifeline_end, lifeline = os.pipe()
    pipes = ("--ready-fd", str(ready_end), "--lifeline-fd", str(lifeline_end))
    with terminal.started("serve", "--port", "0", *pipes, pass_fds=(ready_end, lifeline_end)) as server:
        os.close(ready_end)
        os.close(lifeline_end)
        with os.fdopen(ready) as lines:
            lines_read = lines.readlines()  # the server closes the pipe after one line
        assert len(lines_read) == 1, server.communicate()
        assert json.loads(lines_read[0])["url"].startswith("http://127.0.0.1:")
        end(server, lifeline)
        return server.wait(30)


def test_a_server_ends_with_its_lifeline(terminal: Terminal) -> None:
    assert run_server(terminal, lambda _, lifeline: os.close(lifeline)) == 0
    assert terminal.leftovers() == []


def test_a_server_ends_by_signal(terminal: Terminal) -> None:
    def terminate(server: subprocess.Popen[str], lifeline: int) -> None:
        server.terminate()
        until(lambda: server.poll() is not None, within_s=30)
        os.close(lifeline)

    assert run_server(terminal, terminate) == 0


def test_serving_loads_no_rich(terminal: Terminal) -> None:
    code = "import sys, ffmpeg_worker.cli.serve; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=terminal.here).returncode == 0
