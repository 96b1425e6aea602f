"""The file `.env` with settings in the current folder, which is not read where jobs may write it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

ENV_FILE = Path(".env")


def has_env_file(written_by_jobs: Iterable[Path] = ()) -> bool:
    """Whether there is a file, outside the folders that jobs may write."""
    return ENV_FILE.is_file() and not lies_in(written_by_jobs)


def lies_in(folders: Iterable[Path]) -> bool:
    """Whether the file, or the file that it links to, is in one of the folders or below them."""
    places = (ENV_FILE.absolute().parent.resolve(), ENV_FILE.resolve().parent)
    return any(place.is_relative_to(folder.resolve()) for folder in folders for place in places)
