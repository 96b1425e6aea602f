"""Sandbox levels of machines."""

from __future__ import annotations

import pytest

from ffmpeg_worker.sandbox.level import Level, SandboxSupport


@pytest.mark.parametrize(
    ("support", "level"),
    [
        (SandboxSupport(7, True, None), Level.FULL),
        (SandboxSupport(1, True, None), Level.FULL),
        (SandboxSupport(3, True, "not root"), Level.FULL),
        (SandboxSupport(2, True, "not root"), Level.DEGRADED),
        (SandboxSupport(0, True, None), Level.CHROOT),
        (SandboxSupport(0, True, None, "no MKNOD"), Level.DEGRADED),
        (SandboxSupport(0, False, None), Level.DEGRADED),
        (SandboxSupport(0, True, "not root", "not root"), Level.DEGRADED),
        (SandboxSupport(7, False, None), Level.DEGRADED),
    ],
)
def test_levels(support: SandboxSupport, level: Level) -> None:
    assert support.level is level
    assert bool(support.missing) == (level is Level.DEGRADED)
