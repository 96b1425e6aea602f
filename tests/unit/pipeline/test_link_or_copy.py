"""Files brought into a job's folder by hard link or copy."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ffmpeg_worker.pipeline import link_or_copy as module
from ffmpeg_worker.pipeline.link_or_copy import copy_file, give_second_name, mirror_folder

CONTENT = bytes(range(256)) * 9000


def test_a_second_name_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert give_second_name(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").samefile(tmp_path / "a")


def test_a_second_name_may_be_impossible(tmp_path: Path) -> None:
    assert not give_second_name(tmp_path / "missing", tmp_path / "b")


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_a_copy_has_the_same_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == content


def test_disks_that_share_no_blocks_are_copied_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel may refuse after a part was copied."""
    calls = 0
    real = os.copy_file_range

    def refuse_the_second(source: int, target: int, count: int) -> int:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return real(source, target, min(count, 1000))

    monkeypatch.setattr(os, "copy_file_range", refuse_the_second)
    (tmp_path / "a").write_bytes(CONTENT)
    copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == CONTENT
    assert calls == 2


def test_a_folder_is_mirrored_without_links(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "x.m3u8").write_bytes(b"1")
    (source / "sub/0.ts").write_bytes(b"2")
    (source / "closed.ts").write_bytes(b"3")
    (source / "closed.ts").chmod(0o600)
    (source / "link.ts").symlink_to("/etc/passwd")
    mirror_folder(source, tmp_path / "copy")
    found = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert found == {"x.m3u8", "sub/0.ts", "closed.ts"}
    assert (tmp_path / "copy/x.m3u8").samefile(source / "x.m3u8")
    assert not (tmp_path / "copy/closed.ts").samefile(source / "closed.ts")


def test_a_folder_is_mirrored_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_MIRRORED", 3)
    source = tmp_path / "source"
    source.mkdir()
    for number in range(5):
        (source / str(number)).touch()
    mirror_folder(source, tmp_path / "copy")
    assert len(list((tmp_path / "copy").iterdir())) == 3
