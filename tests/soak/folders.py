"""The folders of a run, on disks of limited size where the machine allows it, and the files in them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.owners import label_key
from ffmpeg_worker.storage.local.roots import KEY_FOLDERS
from support.media.sources import make, make_clip

DATA_DISK_BYTES = 256 << 20
SCRATCH_DISK_BYTES = 512 << 20
NOISE_BYTES = 1400 * 1400 * 3
HONEST_FOLDER = "honest"
_PRIVATE = "FFMPEG_WORKER_SOAK_PRIVATE_MOUNTS"


@dataclass(frozen=True)
class RunFolders:
    """A folder for everything; `has_own_disks`: data root and scratch folder are small disks of their own."""

    root: Path
    has_own_disks: bool

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def log(self) -> Path:
        return self.root / "log.jsonl"

    def data_of(self, key: str) -> Path:
        """The folder of an API key in the data root."""
        return self.data / KEY_FOLDERS / label_key(key)

    def remove_outputs(self, key: str) -> None:
        """Remove the outputs of a key's jobs; hidden files stay, as evidence."""
        folder = self.data_of(key)
        for path in sorted(folder.rglob("*"), reverse=True):
            if "/." in f"/{path.relative_to(folder)}":
                continue
            try:
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
            except OSError:  # a folder that is in use, or a file that has gone
                continue


def enter_private_mounts(arguments: list[str]) -> None:
    """Run this program again with mounts of its own, which vanish with it, if the machine allows it."""
    if os.geteuid() != 0 or _PRIVATE in os.environ:
        return
    unshare = ["unshare", "--mount", "--propagation", "private"]
    try:
        subprocess.run([*unshare, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return
    os.environ[_PRIVATE] = "1"
    os.execvp("unshare", [*unshare, sys.executable, "-m", "soak", *arguments])


@contextmanager
def open_folders() -> Iterator[RunFolders]:
    """Make the folders and the media files."""
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-soak-") as name:
        folders = RunFolders(Path(name), has_own_disks=_PRIVATE in os.environ)
        folders.root.chmod(0o755)
        sizes = {folders.data: DATA_DISK_BYTES, folders.scratch: SCRATCH_DISK_BYTES, folders.temporary: 0}
        for folder, size in sizes.items():
            folder.mkdir()
            if folders.has_own_disks and size:
                mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)]
                subprocess.run(mount, check=True)
        try:
            _make_files(folders.data)
            yield folders
        finally:
            if folders.has_own_disks:
                for folder in (folders.data, folders.scratch):
                    subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _make_files(data: Path) -> None:
    """Write the inputs of honest jobs, and those that hostile ones name."""
    make_clip(data / "clip.mp4", seconds=1, extra=("-g", "10"))
    clip = ("-i", str(data / "clip.mp4"))
    make(data / "tiny.mp4", *clip, "-c", "copy")
    make(data / "worse.mp4", *clip, "-an", "-c:v", "libx264", "-crf", "35", "-preset", "ultrafast")
    make(data / "logo.png", *clip, "-frames:v", "1", "-update", "1")
    make(data / "tone.wav", "-f", "lavfi", "-i", "sine=d=0.5")
    (data / "noise.bin").write_bytes(random.Random(1).randbytes(NOISE_BYTES))
    pixels = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "1400x1400", "-i", str(data / "noise.bin"))
    make(data / "noise.png", *pixels, "-frames:v", "1", "-update", "1")
    (data / "broken.mp4").write_bytes((data / "clip.mp4").read_bytes()[:3000])
    (data / "lists").mkdir()
    (data / "lists/empty.txt").write_bytes(b"file ''\nfile\n")
    (data / "lists/long.txt").write_bytes(b"file " + b"x" * 5000 + b".mp4\n")
    (data / "lists/bytes.txt").write_bytes(b"file '\xff\xfe.mp4'\n")
