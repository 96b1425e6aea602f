"""What programs in the sandbox may use: memory and devices."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ffmpeg_worker.sandbox import sandbox as module
from ffmpeg_worker.sandbox import system_paths
from ffmpeg_worker.sandbox.level import SandboxSupport
from ffmpeg_worker.sandbox.sandbox import Sandbox, default_memory
from ffmpeg_worker.sandbox.system_paths import DEVICES, GPU_DEVICES


@pytest.mark.parametrize(
    ("text", "expected"), [("max", 4 << 30), (str(10 << 30), 4 << 30), (str(2 << 30), 858993459)]
)
def test_memory_is_shared_out_within_the_container_s_limit(tmp_path: Path, text: str, expected: int) -> None:
    (tmp_path / "memory.max").write_text(text)
    assert default_memory(2, [tmp_path / "none", tmp_path / "memory.max"]) == expected


def test_devices_are_listed_again_only_when_they_have_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    present: list[str] = []
    state = [0]
    listed: list[tuple[str, ...]] = []

    def expand(patterns: tuple[str, ...]) -> tuple[str, ...]:
        listed.append(patterns)
        return tuple(present) if patterns == GPU_DEVICES else ()

    monkeypatch.setattr(module, "expand", expand)
    monkeypatch.setattr(module, "state_of_devices", lambda: tuple(state))
    sandbox = Sandbox("require", SandboxSupport(3, has_seccomp=True, no_users="off"))

    def devices() -> tuple[str, ...]:
        confinement = sandbox.for_worker()
        assert confinement is not None
        return confinement.devices

    assert devices() == devices() == DEVICES
    count = len(listed)
    present.append("/dev/nvidia0")
    assert devices() == DEVICES
    assert len(listed) == count
    state[0] = 1
    assert devices() == (*DEVICES, "/dev/nvidia0")


def test_the_state_of_devices_changes_with_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system_paths, "_DEVICE_FOLDERS", (str(tmp_path), str(tmp_path / "dri")))
    os.utime(tmp_path, (1, 1))
    first = system_paths.state_of_devices()
    (tmp_path / "dri").mkdir()
    second = system_paths.state_of_devices()
    os.utime(tmp_path / "dri", (1, 1))
    third = system_paths.state_of_devices()
    (tmp_path / "dri/renderD128").touch()
    assert len({first, second, third, system_paths.state_of_devices()}) == 4
