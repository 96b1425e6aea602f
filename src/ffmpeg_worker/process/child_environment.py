"""The environment of child processes, which inherit none of the worker's variables."""

from __future__ import annotations

from collections.abc import Mapping


def make_child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return a clean environment in which temporary files go to the working directory.

    `extra`: variables that the operator adds.
    """
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "TMPDIR": ".",
        "LANG": "C.UTF-8",
        **extra,
    }
