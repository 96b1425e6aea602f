"""System files and devices that every FFmpeg needs: libraries, fonts, time zones, harmless devices."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

FONT_FOLDERS = (
    "/etc/fonts",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/var/cache/fontconfig",
)
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime")
READABLE = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo", *FONT_FOLDERS, *SYSTEM_FILES)
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
# Patterns, for `expand`: what hardware encoders open, what GPU drivers read, and the dynamic loaders.
GPU_DEVICES = ("/dev/nvidia*", "/dev/nvidia-caps/*", "/dev/dri/renderD*")
GPU_READABLE = ("/proc/driver/nvidia*", "/proc/devices", "/proc/modules", "/sys/bus/pci", "/sys/devices")
_DEVICE_FOLDERS = ("/dev", "/dev/dri", "/dev/nvidia-caps")
LOADERS = ("/lib*/ld-linux*.so*", "/lib/ld-musl-*.so*")


def state_of_devices() -> tuple[int, ...]:
    """A value that changes when a device appears or vanishes; to list them all takes a hundred times as long."""
    return tuple(map(_modified_ns, _DEVICE_FOLDERS))


def _modified_ns(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116 - for every program that is started
    except OSError:
        return 0


def libraries_of(programs: Iterable[Path]) -> tuple[str, ...]:
    """Library folders of programs that were installed outside the system folders: `lib` beside their `bin`."""
    folders = [program.resolve().parent.parent / "lib" for program in programs if program.parent.name == "bin"]
    return tuple(str(folder) for folder in dict.fromkeys(folders) if folder.is_dir())


def expand(patterns: Iterable[str]) -> tuple[str, ...]:
    """The paths of this machine that match glob patterns."""
    return tuple(sorted(path for pattern in patterns for path in glob.glob(pattern)))  # noqa: PTH207
