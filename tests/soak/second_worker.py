"""A second worker in a network of its own: `unshare --net python -m soak.second_worker ROOT JOBS`.

It starts beside the first one, with the same scratch folder and the same users, runs some jobs and ends. It prints
a line for everything that went wrong.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import shutil
import socket
import struct
import sys
import tempfile
from pathlib import Path

from soak.client import path_of
from soak.folders import RunFolders
from soak.worker_process import start_worker, stop_worker, worker_environment

_SET_FLAGS = 0x8914
_IS_UP = 0x1 | 0x40
_TIMEOUT_S = 60
_JOB = {"chainCmds": "-i clip.mp4 -vf scale=80:-2 -c:v libx264 -preset ultrafast -an o.mp4", "timeout": _TIMEOUT_S}


def bring_up_loopback() -> None:
    """Make 127.0.0.1 usable in a new network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _IS_UP))


def run_jobs(url: str, count: int) -> list[str]:
    """Run small jobs one after another; return what went wrong."""
    problems = []
    for number in range(count):
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=_TIMEOUT_S)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", path_of("process"), json.dumps(_JOB), headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
            if response.status != 200:
                problems.append(f"job {number} of the second worker: {response.status} {text[:300]}")
        except OSError as error:
            problems.append(f"job {number} of the second worker: {error!r}")
        finally:
            connection.close()
    return problems


def main(root: Path, count: int) -> int:
    """Start the worker, run the jobs, and stop it."""
    bring_up_loopback()
    folders = RunFolders(root, has_own_disks=True)
    with tempfile.TemporaryDirectory(prefix="second-", dir=root) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "data").mkdir()
        shutil.copy(folders.data / "clip.mp4", folder / "data")
        process, url = start_worker(worker_environment(folders, folder / "data"), folder / "log.jsonl", folder)
        try:
            problems = run_jobs(url, count)
        finally:
            end = stop_worker(process)
    problems += [f"the second worker: {end}"] if end else []
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
