"""Settings of the C library's allocator for a process that handles large buffers in several threads."""

from __future__ import annotations

import ctypes

# From glibc's malloc.h.
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_LARGE_BYTES = 256 << 10
_ARENAS = 2


def return_large_buffers() -> None:
    """Return large buffers to the system as soon as they are freed.

    By default glibc's malloc keeps ever larger ones, up to 32 MiB each, in up to eight arenas per core. Other
    libraries are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, _ARENAS)
