"""Checks of the machine: Python, folders, disk, port, exposure."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ffmpeg_worker.doctor.check import Check, Verdict
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.settings import Settings

_GIB = 1 << 30
_LOW_BYTES = 5 * _GIB
_MIN_BYTES = _GIB // 4


def check_machine(settings: Settings) -> Iterator[Check]:
    """Run the checks that need no FFmpeg."""
    yield Check("Python", Verdict.OK, f"{platform.python_version()} ({sys.executable})")
    yield _check_platform()
    yield _check_folder("data root", settings.data_root, "FS_PATH")
    yield _check_folder("scratch", settings.scratch_root, "FFMPEG_WORKER_SCRATCH_ROOT")
    yield _check_disks(settings)
    yield _check_port(settings)
    yield _check_exposure(settings)


def _check_platform() -> Check:
    name = f"{platform.system()} {platform.release()} on {platform.machine()}, {os.cpu_count()} cores"
    if platform.system() == "Linux":
        return Check("platform", Verdict.OK, name)
    return Check("platform", Verdict.WARN, name, "The worker is tested on Linux.")


def _check_folder(name: str, folder: Path, variable: str) -> Check:
    """Check whether files can be made in a folder, without making the folder itself."""
    shown, existing = str(folder.absolute()), _find_existing(folder)
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        hint = f"Set {variable} to a folder you may write."
        return Check(name, Verdict.FAIL, f"{shown}: {error.strerror}", hint)
    return Check(name, Verdict.OK, shown if existing == folder.absolute() else f"{shown} (will be made)")


def _find_existing(folder: Path) -> Path:
    """Return the folder, or the nearest of its parents that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _check_disks(settings: Settings) -> Check:
    folders = [_find_existing(folder) for folder in (settings.data_root, settings.scratch_root)]
    free = {folder.stat().st_dev: shutil.disk_usage(folder).free for folder in folders}
    lowest = min(free.values())
    verdict, hint = Verdict.OK, None
    if lowest < _MIN_BYTES:
        verdict, hint = Verdict.FAIL, "Free space on the disk of data root and scratch."
    elif lowest < _LOW_BYTES:
        verdict, hint = Verdict.WARN, "Large videos need more space."
    elif len(free) > 1:
        hint = "With data root and scratch on one disk, outputs need not be copied."
    return Check("free disk", verdict, f"{lowest / _GIB:.1f} GiB", hint)


def _check_port(settings: Settings) -> Check:
    name, shown = "port", f"{settings.host}:{settings.port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(address)
    except OSError as error:
        return Check(name, Verdict.WARN, f"{shown}: {error.strerror}", "Free the port, or set PORT.")
    return Check(name, Verdict.OK, f"{shown} is free")


def _check_exposure(settings: Settings) -> Check:
    try:
        settings.check_exposure()
    except Misconfigured as error:
        return Check("access", Verdict.FAIL, error.message, error.hint)
    if settings.api_keys:
        return Check("access", Verdict.OK, f"{len(settings.api_keys)} API key(s), bound to {settings.host}")
    return Check("access", Verdict.OK, f"no API key, bound to {settings.host} only")
