"""The directory of one job: its inputs, and a working directory for each lane."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path, PurePosixPath

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.link_or_copy import copy_file, give_second_name, has_hidden_files, mirror_folder
from ffmpeg_worker.pipeline.scratch_usage import JobUsage, ScratchUsage
from ffmpeg_worker.sandbox.jail import Jail, ReadAccess

UNSAFE_CHARACTERS = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_STEM = 60


class Workspace:
    """The directory of one job: a staging folder with its inputs, and a working directory for each lane.

    Links between its parts are relative, since the job's user may not read the folders above.
    """

    def __init__(self, root: Path, jail: Jail, usage: JobUsage | None = None, *, is_kept: bool = True) -> None:
        """`root` is made if it does not exist; that of an earlier attempt is used with all that lies in it.

        `usage` counts and limits what the job puts there; by default nothing is limited. One that is not kept
        serves no later attempt, so it has no marks of what was done.
        """
        self.root = root
        self._is_kept = is_kept
        self.jail = jail
        self.usage = JobUsage(ScratchUsage(root), ANONYMOUS) if usage is None else usage
        self.staging = root / STAGING_FOLDER
        self.staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        jail.share(root)
        jail.share(self.staging)
        self._taken: set[str] = {path.name for path in self.staging.iterdir()}
        self._numbers: dict[tuple[str, str], int] = {}
        self._lent: set[Path] = set()
        self._admit_links()

    def lane(self, name: str) -> Path:
        """Make the working directory of a lane, below the job's; all inputs appear in a staging folder of its own.

        It is a real folder, so that `_in/../name` is the lane's: concat lists name earlier outputs that way.
        The directory of an earlier attempt is used as it is.
        """
        folder = self.root / name
        if not folder.exists():
            (folder / STAGING_FOLDER).mkdir(mode=0o700, parents=True)
            for staged in self.staging.iterdir():
                (folder / STAGING_FOLDER / staged.name).symlink_to(f"../../{STAGING_FOLDER}/{staged.name}")
        self.jail.share(folder / STAGING_FOLDER)
        return folder

    def mark_done(self, step: str) -> None:
        """Note that what a step wrote is in this workspace, for later attempts."""
        if self._is_kept:
            self._mark(step).touch(mode=0o600)

    def has_done(self, step: str) -> bool:
        """Whether what a step wrote is here, and not in the workspace of an attempt on another machine."""
        return self._is_kept and self._mark(step).exists()

    def _mark(self, step: str) -> Path:
        return self.root / f".done-{step.replace('/', '-')}"

    def hand_over(self, folder: Path) -> None:
        """Make a working directory the job user's own, before the first program of this attempt uses it."""
        if folder not in self._lent:
            self._lent.add(folder)
            self.jail.hand_over(folder)

    def _admit_links(self) -> None:
        """Let the job's programs read what the links of an earlier attempt lead to."""
        for path in self.staging.rglob("*"):
            if path.is_symlink() and not path.resolve().is_relative_to(self.root.resolve()):
                self.jail.allow_read(path.resolve())

    async def place(self, path: Path, staged: str, *, one_of_many: bool = False) -> Path:
        """Make a file or a whole folder appear under its staged name; returns the path that programs read.

        It is a symbolic link where the job's user can read the file in place, else a hard link, else a copy, for
        files that are closed to others or on another disk. Hidden files of a folder are left out.

        Args:
            path: absolute, links resolved.
            staged: see `reserve`; its folder exists.
            one_of_many: prefer a hard link: a symbolic link needs a rule of the sandbox for each file.

        Raises:
            DiskFull, KeyLimitReached: there is no room for a copy.
        """
        target = self.staging / staged
        if path.is_relative_to(self.staging):
            target.symlink_to(os.path.relpath(path, target.parent))
            return path
        access = self.jail.read_access(path)
        if one_of_many and access is not ReadAccess.NONE and give_second_name(path, target):
            return target
        must_mirror = path.is_dir() and await asyncio.to_thread(has_hidden_files, path)
        if access is ReadAccess.DIRECT and not must_mirror:
            target.symlink_to(path)
            self.jail.allow_read(path)
            return path
        if path.is_dir():
            copied = await asyncio.to_thread(mirror_folder, path, target, self.usage.check_room)
            self.usage.note_copy(copied)
        elif access is ReadAccess.NONE or not give_second_name(path, target):
            self.usage.add_copy(path.stat().st_size)
            await asyncio.to_thread(copy_file, path, target)
        return target

    def show_inputs(self) -> None:
        """Let the job's user read what the worker has written into the staging folder."""
        if self.jail.uid is None:
            return
        for path, _, names in os.walk(self.staging):
            if path != str(self.staging):
                Path(path).chmod(0o755)
            for name in names:
                file = Path(path) / name
                # A hard link to a caller's own file keeps its mode.
                if not file.is_symlink() and file.stat().st_nlink == 1:
                    file.chmod(0o644)

    def reserve(self, name: str, *, stem: str | None = None) -> str:
        """Reserve a unique staged name for an input: plain characters and its extension.

        Args:
            name: file name or path, as the caller or the store has it.
            stem: replaces the stem of `name`, e.g. by the name of an input.
        """
        path = PurePosixPath(name)
        suffix = "." + UNSAFE_CHARACTERS.sub("", path.suffix[1:])[:12] if path.suffix[1:] else ""
        plain = (
            UNSAFE_CHARACTERS.sub("_", stem if stem is not None else path.stem).strip("_")[:_MAX_STEM] or "input"
        )
        candidate = f"{plain}{suffix}"
        while candidate in self._taken:
            # The last number of this name is known: names that are alike are not counted from 1 each time.
            number = self._numbers[plain, suffix] = self._numbers.get((plain, suffix), 1) + 1
            candidate = f"{plain}-{number}{suffix}"
        self._taken.add(candidate)
        return candidate
