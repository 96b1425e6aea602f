"""Two ways to put a program into its confinement, one interface."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.setpriv import Setpriv, supports_landlock

Launch = tuple[list[str], Confinement | None]
"""What is asked of the spawner: the arguments, and what it is to do itself."""


class Launcher(Protocol):
    """Says how a confined program is started."""

    name: str

    def wrap(self, argv: Sequence[str], confinement: Confinement) -> Launch:
        """The launch of `argv`; an empty one stands for a fork that runs no program."""
        ...


class Forked:
    """The spawner's child confines itself between fork and execve: nothing more has to be loaded."""

    name = "forked"

    def wrap(self, argv: Sequence[str], confinement: Confinement) -> Launch:
        """As it is."""
        return list(argv), confinement


def make_launcher(name: str, folder: Path) -> Launcher:
    """The launcher of a setting; `folder` is the worker's own, for what a launcher has to write.

    Raises:
        Misconfigured: `setpriv` is asked for and is too old or missing.
    """
    if name == Forked.name:
        return Forked()
    setpriv, prlimit = shutil.which("setpriv"), shutil.which("prlimit")
    if setpriv is None or prlimit is None or not supports_landlock(_help_of(setpriv)):
        raise Misconfigured(
            "There is no setpriv with Landlock (util-linux 2.41 or later) and prlimit beside it.",
            hint="Set FFMPEG_WORKER_SANDBOX_LAUNCHER=forked, which needs neither.",
        )
    return Setpriv(Path(setpriv), Path(prlimit), folder)


def _help_of(program: str) -> str:
    return subprocess.run([program, "--help"], capture_output=True, text=True, check=False, timeout=10).stdout
