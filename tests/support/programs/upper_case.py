"""A function that the spawner preloads: in a forked process, it returns every line in capitals."""

from __future__ import annotations

import os
from typing import BinaryIO

IMPORTED_IN = os.getpid()


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each line with the line in capitals, this pid, and the pid that imported this module."""
    for line in requests:
        if line.startswith(b"fail"):
            raise RuntimeError("asked to fail")
        answers.write(b"%s %d %d\n" % (line.strip().upper(), os.getpid(), IMPORTED_IN))
        answers.flush()
