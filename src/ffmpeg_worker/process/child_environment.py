"""The environment that child processes get: nothing of the worker's own."""

from __future__ import annotations

from collections.abc import Mapping


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """A clean environment, temporary files in the working directory; `extra` is what the operator adds."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "TMPDIR": ".",
        "LANG": "C.UTF-8",
        **extra,
    }
