"""The same confinement by programs of util-linux 2.41: `prlimit` and `setpriv` before the command."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from ffmpeg_worker.sandbox import landlock
from ffmpeg_worker.sandbox.confinement import Confinement, Limits
from ffmpeg_worker.sandbox.seccomp import make_program

_RULES = (
    ("readable", "read-file,read-dir"),
    ("executable", "read-file,execute"),
    ("devices", "read-file,write-file"),
    ("writable", "read-file,read-dir,write-file,make-reg,make-dir,remove-file,remove-dir"),
)
_FILE_RIGHTS = frozenset({"read-file", "write-file", "execute", "truncate"})
# As far as setpriv knows them: it has no word for device controls, nor for signals and abstract sockets.
_RIGHTS_SINCE = (
    (1, "execute write-file read-file read-dir remove-dir remove-file make-dir make-reg"),
    (1, "make-char make-sock make-fifo make-block make-sym"),
    (2, "refer"),
    (3, "truncate"),
)


class Setpriv:
    """Prefixes commands; a fork that runs no program confines itself."""

    name = "setpriv"

    def __init__(self, setpriv: Path, prlimit: Path, folder: Path) -> None:
        """`folder`: where the filter's program is written."""
        self._setpriv = setpriv
        self._prlimit = prlimit
        self._folder = folder

    def wrap(self, argv: Sequence[str], confinement: Confinement) -> tuple[list[str], Confinement | None]:
        """The whole command line."""
        if not argv:
            return [], confinement
        abi = landlock.detect_abi() if confinement.landlock else 0
        return [*self.prefix(confinement, abi), *argv], None

    def prefix(self, confinement: Confinement, abi: int) -> list[str]:
        """The words before the command, for a kernel with that Landlock."""
        words = [str(self._prlimit), *_limit_options(confinement.limits, own_user=confinement.uid is not None)]
        words.append(str(self._setpriv))
        if confinement.uid is not None:
            words += [f"--reuid={confinement.uid}", f"--regid={confinement.uid}", "--clear-groups"]
            words += ["--bounding-set=-all"]
        words += ["--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs", "--pdeathsig=KILL"]
        if confinement.landlock:
            words += _landlock_options(confinement, abi)
        if confinement.seccomp:
            words.append(f"--seccomp-filter={_filter_file(self._folder, confinement.uid is None).name}")
        return words


@cache
def _filter_file(folder: Path, shares_user: bool) -> IO[bytes]:
    """The filter's program, in a file of a name that nobody else has; it goes with the worker."""
    file = NamedTemporaryFile(prefix="ffmpeg-worker-", suffix=".bpf", dir=folder)  # noqa: SIM115 - kept open
    file.write(make_program(platform.machine(), shares_user=shares_user, may_signal=not shares_user))
    file.flush()
    return file


def supports_landlock(help_text: str) -> bool:
    """Whether a setpriv's help names what is needed."""
    return "--landlock-access" in help_text and "--seccomp-filter" in help_text


def _limit_options(limits: Limits, *, own_user: bool) -> list[str]:
    values = {
        "data": limits.data_bytes,
        "fsize": limits.file_bytes,
        "nofile": limits.open_files,
        "nproc": limits.processes if own_user else None,
    }
    options = ["--core=0", *(f"--{name}={value}" for name, value in values.items() if value is not None)]
    return options if limits.cpu_s is None else [*options, f"--cpu={limits.cpu_s}:{limits.cpu_s + 5}"]


def _landlock_options(confinement: Confinement, abi: int) -> list[str]:
    known = [right for since, rights in _RIGHTS_SINCE if abi >= since for right in rights.split()]
    options = [f"--landlock-access=fs:{','.join(known)}"]
    for kind, rights in _RULES:
        wanted = rights.split(",") + (["refer", "truncate"] if kind == "writable" else [])
        for path in getattr(confinement, kind):
            if not Path(path).exists():
                continue
            allowed = [r for r in wanted if r in known and (Path(path).is_dir() or r in _FILE_RIGHTS)]
            options.append(f"--landlock-rule=path-beneath:{','.join(allowed)}:{path}")
    return options
