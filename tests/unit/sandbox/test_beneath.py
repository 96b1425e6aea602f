"""Symbolic links that the worker makes in folders of jobs."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ffmpeg_worker.sandbox.beneath import symlink_beneath


def test_a_link_is_relative(tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    (tmp_path / "_in").mkdir()
    (tmp_path / "_in" / "a.ttf").write_text("a")
    symlink_beneath(tmp_path, "fonts/0-", "_in/a.ttf")
    assert (tmp_path / "fonts/0-").readlink() == Path("../_in/a.ttf")
    assert (tmp_path / "fonts/0-").read_text() == "a"


def test_no_link_is_made_behind_a_link_or_over_a_file(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    job = tmp_path / "job"
    outside.mkdir()
    job.mkdir()
    (job / "fonts").symlink_to(outside)
    (job / "there").write_text("")
    for name, reason in (("fonts/0-", errno.ENOTDIR), ("there", errno.EEXIST), ("../outside/0-", errno.EACCES)):
        with pytest.raises(OSError, match=os.strerror(reason)):
            symlink_beneath(job, name, "_in/a.ttf")
    assert list(outside.iterdir()) == []
