"""Opens media files with PyAV."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer


def open_container(path: Path) -> InputContainer:
    """Open a local file, and nothing that it refers to over a network.

    Raises: av.FFmpegError, OSError or ValueError.
    """
    # "./" keeps a file name such as "http:x" from being read as an address.
    name = str(path) if path.is_absolute() else f"./{path}"
    return av.open(name, container_options={"protocol_whitelist": "file"}, metadata_errors="ignore")
