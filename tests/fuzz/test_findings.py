"""Regressions that fuzzing found, each as one job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fuzz.arena import open_arena
from support.attacks.sandboxes import needs_sandbox
from support.media.sources import make_clip

pytestmark = needs_sandbox

FINDINGS: dict[str, tuple[list[str], str]] = {
    "an error of two lines, from the name of a filter": (
        ["-i", "clip.mp4", "-filter_complex", "deshake_open\ncl@x=/smooth='a", "o.mp4"],
        "filter_unknown",
    ),
    "an error that moves a terminal's cursor, from the name of an option": (
        ["-i", "clip.mp4", "-\x1b[2J", "1", "o.mp4"],
        "option_unknown",
    ),
}
"""Commands by what was wrong, with the error code that they must fail with."""


@pytest.mark.parametrize("name", FINDINGS)
async def test_findings(tmp_path: Path, name: str) -> None:
    tmp_path.chmod(0o755)
    make_clip(tmp_path / "data/clip.mp4", seconds=0.5)
    command, code = FINDINGS[name]
    job: dict[str, Any] = {"action": "process", "data": {"chainCmds": [command]}}
    async with open_arena(tmp_path) as arena:
        assert await arena.survive(job, name) == code


async def test_that_it_would_be_seen(tmp_path: Path) -> None:
    """Without protection, the same checks find that a secret was read."""
    make_clip(tmp_path / "data/clip.mp4", seconds=0.5)
    async with open_arena(tmp_path, option_policy="off", sandbox="off") as arena:
        command = f"-i clip.mp4 -vf drawtext=textfile={arena.planted.secret} o.mp4"
        with pytest.raises(AssertionError, match="folder outside"):
            await arena.survive({"action": "process", "data": {"chainCmds": command}}, "reading")
        command = f"-i clip.mp4 -metadata title={arena.planted.secret.read_text().strip()} o.mkv"
        arena.planted.touched()
        with pytest.raises(AssertionError, match="file"):
            await arena.survive({"action": "process", "data": {"chainCmds": command}}, "leaking")
