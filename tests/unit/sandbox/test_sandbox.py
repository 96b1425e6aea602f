"""The memory limit of programs in a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.sandbox.sandbox import default_memory


@pytest.mark.parametrize(
    ("text", "expected"), [("max", 4 << 30), (str(10 << 30), 4 << 30), (str(2 << 30), 858993459)]
)
def test_memory_is_shared_out_within_the_container_s_limit(tmp_path: Path, text: str, expected: int) -> None:
    (tmp_path / "memory.max").write_text(text)
    assert default_memory(2, [tmp_path / "none", tmp_path / "memory.max"]) == expected
