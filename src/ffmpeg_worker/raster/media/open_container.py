"""Opens media files with PyAV."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import av
from av.container import InputContainer

from ffmpeg_worker.sandbox.ticket import open_options

_tickets: dict[str, int] = {}
_streams: dict[str, int] = {}
_BLOCK_BYTES = 1 << 16


def use_tickets(tickets: Mapping[str, int]) -> None:
    """From now on read files of these names through tickets (see sandbox/waiting_reads.py), in this process."""
    _tickets.update(tickets)


def use_streams(streams: Mapping[str, int]) -> None:
    """From now on read files of these names from descriptors, each once and in order, in this process."""
    _streams.update(streams)


def drain_streams() -> None:
    """Read what is left of all streams, so that the programs that write them end as they would have."""
    for descriptor in _streams.values():
        while os.read(descriptor, _BLOCK_BYTES):
            pass


def is_stream(path: Path) -> bool:
    """Whether a file is read from a descriptor, and can only be read in order."""
    return str(path) in _streams


def open_container(path: Path) -> InputContainer:
    """Open a local file, and nothing that it refers to over a network.

    Raises: av.FFmpegError, OSError or ValueError.
    """
    if is_stream(path):
        return av.open(f"pipe:{_streams[str(path)]}", container_options={"protocol_whitelist": "pipe"})
    ticket = _tickets.get(str(path))
    if ticket is not None:
        options = {"protocol_whitelist": "fd", **open_options(ticket)}
        return av.open("fd:", container_options=options, metadata_errors="ignore")
    # "./" keeps a file name such as "http:x" from being read as an address.
    name = str(path) if path.is_absolute() else f"./{path}"
    return av.open(name, container_options={"protocol_whitelist": "file"}, metadata_errors="ignore")
