"""The file `.env` with settings in the current folder, which is not read where jobs may write it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

ENV_FILE = Path(".env")
ENV_FILE_ENCODING = "utf-8-sig"
"""UTF-8, after the byte order mark that editors on Windows write."""
_PROJECT_FILE = "pyproject.toml"
_FOLDERS = frozenset({"FS_PATH", "FFMPEG_WORKER_SCRATCH_ROOT", "FFMPEG_WORKER_LOCK_ROOT"})


def has_env_file(written_by_jobs: Iterable[Path] = ()) -> bool:
    """Whether there is a file, outside the folders that jobs may write."""
    return ENV_FILE.is_file() and not lies_in(written_by_jobs)


def lies_in(folders: Iterable[Path]) -> bool:
    """Whether the file, or the file that it links to, is in one of the folders or below them."""
    places = (ENV_FILE.absolute().parent.resolve(), ENV_FILE.resolve().parent)
    return any(place.is_relative_to(folder.resolve()) for folder in folders for place in places)


def read_env_file() -> list[str]:
    """Return the names of the variables in the file."""
    from dotenv import dotenv_values  # noqa: PLC0415 - rarely needed, and this runs before the API starts

    return [*dotenv_values(ENV_FILE, encoding=ENV_FILE_ENCODING)]


def enter_project(folder: Path) -> None:
    """Make `folder` the current one if the program works on that checkout of the project.

    That is so inside of the checkout, and also elsewhere if only the checkout has the file `.env`. Folders that
    the environment names relative to the current one stay the same.
    """
    here = Path.cwd()
    if not (folder / _PROJECT_FILE).is_file() or here == folder or has_env_file():
        return
    if here.is_relative_to(folder) or (folder / ENV_FILE).is_file():
        for name in _FOLDERS & os.environ.keys():
            if os.environ[name]:
                os.environ[name] = str(here / os.environ[name])
        os.chdir(folder)
