"""The environment that child processes get: nothing of the worker's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def child_environment(cwd: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """A clean environment with `cwd` for temporary files, and what the operator adds (for GPUs)."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "TMPDIR": str(cwd),
        "LANG": "C.UTF-8",
        **extra,
    }
