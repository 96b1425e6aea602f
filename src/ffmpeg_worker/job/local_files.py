"""Inputs of a job as files of its own directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ffmpeg_worker.job.media import MediaInfo

STAGING_FOLDER = "_in"
"""Folder below a job's folder and each working directory where inputs appear. No program may write there."""

RANGED_FOLDER = ".by-range"
"""Folder below a job's folder with the files of inputs that are read by range. No program opens them by name."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One fetched input.

    Attributes:
        staged: plain name (letters, digits, `._-`) of the file in the working directory of every command.
        size: bytes.
        media: `None` for files that are not media (subtitles, lists).
        text: content of the file, where planning needs it.
        by_range: whether its bytes are fetched when they are read; `path` then has holes, and no link leads to it.
        lists_by_range: whether it is a list of which some entries are read by range.
    """

    path: Path
    staged: str
    size: int
    media: MediaInfo | None = None
    text: str | None = None
    by_range: bool = False
    lists_by_range: bool = False


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """All inputs of a job; only the fetch stage makes it.

    A key is the name of an input, or the path or URL as written in a command. `failed` has the problem (see
    `job/problem.py`) of each input that could not be fetched, where the job can go on without it.
    """

    by_key: Mapping[str, LocalFile] = field(default_factory=dict)
    failed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __getitem__(self, key: str) -> LocalFile:
        """Return the file of a key that is not among `failed`."""
        return self.by_key[key]
