"""What lies about where attacks are tried: the attackers' own files, and the secrets of others."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from security.attacks.attack import Attack, Places
from security.attacks.media import picture
from support.attacks.detectors import TEXT
from support.media.sources import make, make_clip

_LUT = "LUT_3D_SIZE 2\n" + "".join(f"{r} {g} {b}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))


@contextmanager
def open_ground() -> Iterator[Path]:
    """A folder that everybody may pass, so that nothing but the worker is in the way."""
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-attacks-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def make_kit(folder: Path) -> Path:
    """Files that every attacker has, and a library that says so when somebody loads it."""
    folder.mkdir()
    clip = make_clip(folder / "tiny.mp4", seconds=0.8, extra=("-g", "5"))
    make(folder / "tiny.ts", "-i", str(clip), "-c", "copy")
    note = folder.parent / "note"
    note.write_text("attached")
    attach = ("-attach", str(note), "-metadata:s:t", "mimetype=text/plain")
    name = ("-metadata:s:t", "filename=../../../../app/made")
    make(folder / "att.mkv", "-i", str(clip), *attach, *name, "-c", "copy")
    code = f'#include <unistd.h>\n__attribute__((constructor)) void f(void) {{ write(2, "{TEXT} ran\\n", 16); }}\n'
    if shutil.which("cc") is None:
        (folder / "evil.so").touch()
        return folder
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-w", "-x", "c", "-", "-o", str(folder / "evil.so")],
        input=code.encode(),
        check=True,
        timeout=60,
    )
    return folder


def plant(attack: Attack, kit: Path, folder: Path, places: Places) -> None:
    """Put the attacker's files into a folder."""
    shutil.copytree(kit, folder, dirs_exist_ok=True)
    for name, content in attack.contents(places).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def empty(folder: Path) -> None:
    """Remove what is in a folder."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def fill_folder(folder: Path, kit: Path) -> None:
    """Secrets, and files of each kind that something reads; only the key is closed to others."""
    texts: dict[str, str | bytes] = {
        "secret.env": f"{TEXT} SECRET=1\n".ljust(4096, "#"),
        "one.txt": TEXT,
        "private.key": f"{TEXT} KEY\n".ljust(4096, "k"),
        "victim.srt": f"1\n00:00:00,000 --> 00:00:05,000\n{TEXT}\n",
        "victim.ffmeta": f";FFMETADATA1\ntitle={TEXT}\n",
        "victim.cube": _LUT,
        "victim1.png": picture(64, 64),
        "s-1.ts": TEXT,
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
        shutil.copy(kit / f"tiny.{suffix}", folder / f"victim.{suffix}")
