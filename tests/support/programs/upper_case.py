"""A function for the spawner to preload: answers every line in capitals, in a forked process."""

from __future__ import annotations

import os
from typing import BinaryIO

IMPORTED_IN = os.getpid()


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """One answer a line: the line in capitals, our pid, and the pid that imported this module."""
    for line in requests:
        if line.startswith(b"fail"):
            raise RuntimeError("asked to fail")
        answers.write(b"%s %d %d\n" % (line.strip().upper(), os.getpid(), IMPORTED_IN))
        answers.flush()
