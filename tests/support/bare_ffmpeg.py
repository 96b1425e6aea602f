"""Runs of ffmpeg without a worker, and digests of the files that they and jobs make."""

from __future__ import annotations

import functools
import hashlib
import re
import signal
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path

from support.media.sources import FFMPEG

# ffmpeg writes the time of day at which a segment starts into HLS playlists of a DASH output.
CLOCK = re.compile(rb"(?<=\n#EXT-X-PROGRAM-DATE-TIME:)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}(?=\n)")
Files = dict[str, str]


def run_alone(tokens: Sequence[str], folder: Path) -> None:
    """Run ffmpeg in `folder` as a shell would; it must succeed."""
    run = try_alone(tokens, folder)
    assert run.returncode == 0, run.stderr


def try_alone(tokens: Sequence[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run ffmpeg in `folder`, without a check of its exit code."""
    run = subprocess.run(
        [FFMPEG, "-nostdin", "-y", "-v", "error", *tokens],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=60,
    )
    if run.returncode == -signal.SIGABRT and "auto" in tokens:
        # FFmpeg aborts on `-hwaccel auto` where libva is missing; the worker then decodes in software.
        at = list(tokens).index("auto")
        return try_alone([*tokens[: at - 1], *tokens[at + 1 :]], folder)
    return run


def digests(folder: Path, without: Collection[str] = ()) -> Files:
    """Return the digests of the files in `folder` by name, except those in `without`."""
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: _digest(path) for name, path in paths.items() if name not in without}


def take_new(folder: Path, inputs: Files) -> Files:
    """Remove new files and return their digests by name."""
    made = digests(folder, without=inputs)
    for name in made:
        (folder / name).unlink()
    return made


def _digest(path: Path) -> str:
    """The digest of a file, which is read again only if it was changed or replaced."""
    now = path.stat()
    return _digest_of(path, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


@functools.lru_cache(maxsize=4096)
def _digest_of(path: Path, *_state: int) -> str:
    content = path.read_bytes()
    if path.suffix == ".m3u8":
        content = CLOCK.sub(b"the time of day", content)
    return hashlib.sha256(content).hexdigest()
