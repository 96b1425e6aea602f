"""Bugs that fuzzing found, one job each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fuzz.checked_worker import open_checked_worker
from support.attacks.sandboxes import needs_sandbox
from support.media.sources import make_clip

pytestmark = needs_sandbox

FINDINGS: dict[str, tuple[list[str], str]] = {
    "an error message with a newline from a filter's name": (
        ["-i", "clip.mp4", "-filter_complex", "deshake_open\ncl@x=/smooth='a", "o.mp4"],
        "filter_unknown",
    ),
    "an error message with a terminal escape sequence from an option's name": (
        ["-i", "clip.mp4", "-\x1b[2J", "1", "o.mp4"],
        "option_unknown",
    ),
}
"""Commands and their expected error codes, by the bug."""


@pytest.mark.parametrize("name", FINDINGS)
async def test_findings(tmp_path: Path, name: str) -> None:
    tmp_path.chmod(0o755)
    make_clip(tmp_path / "data/clip.mp4", seconds=0.5)
    command, code = FINDINGS[name]
    job: dict[str, Any] = {"action": "process", "data": {"chainCmds": [command]}}
    async with open_checked_worker(tmp_path) as checked_worker:
        assert await checked_worker.run_and_check(job, name) == code


async def test_the_checks_find_leaks_without_protection(tmp_path: Path) -> None:
    """Without protection, the same checks find that a secret was read."""
    make_clip(tmp_path / "data/clip.mp4", seconds=0.5)
    async with open_checked_worker(tmp_path, option_policy="off", sandbox="off") as checked_worker:
        command = f"-i clip.mp4 -vf drawtext=textfile={checked_worker.planted.secret} o.mp4"
        with pytest.raises(AssertionError, match="folder outside"):
            await checked_worker.run_and_check({"action": "process", "data": {"chainCmds": command}}, "reading")
        command = f"-i clip.mp4 -metadata title={checked_worker.planted.secret.read_text().strip()} o.mkv"
        checked_worker.planted.find_accesses()
        with pytest.raises(AssertionError, match="file"):
            await checked_worker.run_and_check({"action": "process", "data": {"chainCmds": command}}, "leaking")
