"""Sealed bodies, digests and signatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job_queue.seal import Seal, open_key_file
from ffmpeg_worker.job_queue.stored_body import open_body, pack_body


def test_only_the_same_key_opens_a_seal() -> None:
    sealed = Seal("one").seal(b"secret canary")
    assert b"canary" not in sealed
    assert Seal("one").unseal(sealed) == b"secret canary"
    with pytest.raises(Misconfigured):
        Seal("two").unseal(sealed)


def test_digests_tell_equal_from_other_and_depend_on_the_key() -> None:
    seal = Seal("one")
    assert seal.digest(b"a") == seal.digest(b"a") != seal.digest(b"b")
    assert seal.digest(b"a") != Seal("two").digest(b"a")
    assert seal.sign("a") not in {seal.digest(b"a"), seal.sign("b"), Seal("two").sign("a")}


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    key = open_key_file(tmp_path)
    assert len(key) >= 40
    assert open_key_file(tmp_path) == key
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="key file"):
        open_key_file(tmp_path / "missing")


@pytest.mark.parametrize("content", [b"", b"  \n", b"short", b"\xff" * 43, bytes(20)])
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "seal.key").write_bytes(content)
    with pytest.raises(Misconfigured, match="damaged"):
        open_key_file(tmp_path)
    assert (tmp_path / "seal.key").read_bytes() == content, "it may be mended"


@pytest.mark.parametrize("action", ["probe", None])
def test_a_body_comes_back_as_it_was_sent(action: str | None) -> None:
    body = JobBody(action, '{"input": "ä"}'.encode(), {"b": "2", "a": "1"})
    seal = Seal("one")
    assert open_body(seal, seal.seal(pack_body(body))) == body
    assert pack_body(body) == pack_body(JobBody(action, body.content, {"a": "1", "b": "2"}))
