"""Notes which files are closed, and on which thread."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest


def note_closed_files(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Return a list of the calls of `os.close`: the name of the file, and whether a worker thread closes it."""
    found: list[tuple[str, bool]] = []
    close = os.close

    def note(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        found.append((name, threading.current_thread() is not threading.main_thread()))
        close(descriptor)

    monkeypatch.setattr(os, "close", note)
    return found
