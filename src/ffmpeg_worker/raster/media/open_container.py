"""Opens media files with PyAV."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import av
from av.container import InputContainer

from ffmpeg_worker.sandbox.ticket import open_options

_tickets: dict[str, int] = {}


def use_tickets(tickets: Mapping[str, int]) -> None:
    """From now on read files of these names through tickets (see sandbox/waiting_reads.py), in this process."""
    _tickets.update(tickets)


def open_container(path: Path) -> InputContainer:
    """Open a local file, and nothing that it refers to over a network.

    Raises: av.FFmpegError, OSError or ValueError.
    """
    ticket = _tickets.get(str(path))
    if ticket is not None:
        options = {"protocol_whitelist": "fd", **open_options(ticket)}
        return av.open("fd:", container_options=options, metadata_errors="ignore")
    # "./" keeps a file name such as "http:x" from being read as an address.
    name = str(path) if path.is_absolute() else f"./{path}"
    return av.open(name, container_options={"protocol_whitelist": "file"}, metadata_errors="ignore")
