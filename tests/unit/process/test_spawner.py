"""Starting children through a real spawner program; tests/media/test_spawner.py tests children in more detail."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.errors import EngineUnavailable
from ffmpeg_worker.process.child import Output
from ffmpeg_worker.process.spawner import PIPE, Spawner


async def test_children_are_started_and_a_missing_program_is_reported() -> None:
    output = bytearray()
    async with Spawner() as spawner:
        child = await spawner.start(
            ["/bin/sh", "-c", 'cat; echo "$A"; exit 3'],
            cwd=Path("/"),
            env={"A": "b"},
            outputs={1: Output(output.extend)},
            stdin=PIPE,
        )
        assert child.stdin is not None
        child.stdin.write(b"in ")
        child.stdin.end()
        assert (await child.wait()).code == 3
        assert output == b"in b\n"
        with pytest.raises(EngineUnavailable, match="missing cannot be started"):
            await spawner.start(["/missing"], cwd=Path("/"), env={}, outputs={})
    with pytest.raises(EngineUnavailable, match="shutting down"):
        await spawner.start(["/bin/true"], cwd=Path("/"), env={}, outputs={})
