"""Files for attacks: those that every attacker has, and those of the victims."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from security.attacks.attack import Attack, Places
from security.attacks.media import png
from support.attacks.detectors import CANARY
from support.media.sources import make, make_clip
from support.shared_files import share_folder

_LUT = "LUT_3D_SIZE 2\n" + "".join(f"{r} {g} {b}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))


@contextmanager
def open_public_folder() -> Iterator[Path]:
    """A temporary folder that every user may enter, so that only the worker's own protections stop an attack."""
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-attacks-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def share_attacker_files(factory: pytest.TempPathFactory) -> Path:
    """The folder of the files that every attacker has, and of a library that reports when it is loaded."""
    return share_folder(factory, "attacker-files", _make_attacker_files)


def _make_attacker_files(folder: Path) -> None:
    clip = make_clip(folder / "tiny.mp4", seconds=0.8, extra=("-g", "5"))
    make(folder / "tiny.ts", "-i", str(clip), "-c", "copy")
    note = folder.with_suffix(".note")
    note.write_text("attached")
    attach = ("-attach", str(note), "-metadata:s:t", "mimetype=text/plain")
    name = ("-metadata:s:t", "filename=../../../../app/made")
    make(folder / "att.mkv", "-i", str(clip), *attach, *name, "-c", "copy")
    code = (
        f'#include <unistd.h>\n__attribute__((constructor)) void f(void) {{ write(2, "{CANARY} ran\\n", 16); }}\n'
    )
    if shutil.which("cc") is None:
        (folder / "evil.so").touch()
        return
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-w", "-x", "c", "-", "-o", str(folder / "evil.so")],
        input=code.encode(),
        check=True,
        timeout=60,
    )


def write_attack_files(attack: Attack, attacker_files: Path, folder: Path, places: Places) -> None:
    """Write the attacker's files into a folder."""
    shutil.copytree(attacker_files, folder, dirs_exist_ok=True)
    for name, content in attack.contents(places).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def empty_folder(folder: Path) -> None:
    """Remove what is in a folder."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def write_victim_files(folder: Path, attacker_files: Path) -> None:
    """Write secrets and a file of each kind that an attack reads, and remove all others.

    Every user may read them, but for `private.key`.
    """
    texts: dict[str, str | bytes] = {
        "secret.env": f"{CANARY} SECRET=1\n".ljust(4096, "#"),
        "one.txt": CANARY,
        "private.key": f"{CANARY} KEY\n".ljust(4096, "k"),
        "victim.srt": f"1\n00:00:00,000 --> 00:00:05,000\n{CANARY}\n",
        "victim.ffmeta": f";FFMETADATA1\ntitle={CANARY}\n",
        "victim.cube": _LUT,
        "victim1.png": png(64, 64),
        "s-1.ts": CANARY,
    }
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name != STAGING_FOLDER:
            shutil.rmtree(path)
        elif path.is_file() and path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        (folder / name).chmod(0o600 if name == "private.key" else 0o666)
    for suffix in ("mp4", "ts"):
        shutil.copy(attacker_files / f"tiny.{suffix}", folder / f"victim.{suffix}")
