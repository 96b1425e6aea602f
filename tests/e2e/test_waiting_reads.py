"""No ffmpeg is left that waits for bytes, whatever happens to its worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.attacks.sandboxes import needs_sandbox
from support.processes import alive
from support.programs import waiting_job
from support.wait_until import until

pytestmark = needs_sandbox
GONE_WITHIN_S = 15.0


@contextmanager
def worker(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A worker process, and the process id of its ffmpeg, which waits."""
    tests = Path(waiting_job.__file__).parents[2]
    command = [sys.executable, waiting_job.__file__, str(tmp_path)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tests)},
    ) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline().split()[1])
        finally:
            process.kill()


def test_a_worker_is_killed(tmp_path: Path) -> None:
    with worker(tmp_path) as (process, engine):
        assert alive(engine)
        process.kill()
        until(lambda: not alive(engine), within_s=GONE_WITHIN_S)


def test_a_worker_is_suspended_and_then_cancels(tmp_path: Path) -> None:
    with worker(tmp_path) as (process, engine):
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate("cancel\n", timeout=GONE_WITHIN_S)
        assert output == "ended\n"
        assert not alive(engine)
