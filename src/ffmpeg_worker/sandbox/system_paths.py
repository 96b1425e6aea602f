"""System files and devices that every FFmpeg needs: libraries, fonts, time zones, harmless devices."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

READABLE = (
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/var/cache/fontconfig",
    "/etc/localtime",
    "/usr/share/zoneinfo",
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_GPU_DEVICES = ("/dev/nvidia*", "/dev/nvidia-caps/*", "/dev/dri/renderD*")
_GPU_READABLE = ("/proc/driver/nvidia*", "/proc/devices", "/proc/modules", "/sys/bus/pci", "/sys/devices")
_LOADERS = ("/lib*/ld-linux*.so*", "/lib/ld-musl-*.so*")


def libraries_of(programs: Iterable[Path]) -> tuple[str, ...]:
    """Library folders of programs that were installed outside the system folders: `lib` beside their `bin`."""
    folders = [program.resolve().parent.parent / "lib" for program in programs if program.parent.name == "bin"]
    return tuple(str(folder) for folder in dict.fromkeys(folders) if folder.is_dir())


def gpu_devices() -> tuple[str, ...]:
    """GPU devices that hardware encoders open; empty without a GPU."""
    return tuple(sorted(path for pattern in _GPU_DEVICES for path in glob.glob(pattern)))  # noqa: PTH207


def gpu_readable() -> tuple[str, ...]:
    """Files that GPU drivers read."""
    return tuple(sorted(path for pattern in _GPU_READABLE for path in glob.glob(pattern)))  # noqa: PTH207


def loaders() -> tuple[str, ...]:
    """The dynamic loaders of this machine."""
    return tuple(sorted(path for pattern in _LOADERS for path in glob.glob(pattern)))  # noqa: PTH207
