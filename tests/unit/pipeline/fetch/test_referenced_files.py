"""Files that options name, copied into a working directory; keys of HLS."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.pipeline.fetch import referenced_files as module
from ffmpeg_worker.pipeline.fetch.referenced_files import copy_key_files, copy_referenced_files, find_key_files
from support.job_contexts import FakeJob


async def test_existing_files_are_copied_under_their_names(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    (job.data / "subs").mkdir()
    (job.data / "subs/de.srt").write_text("1")
    folder = job.lane()
    await copy_referenced_files(["subs/de.srt", "lavfi.word", "https://host/x.srt"], folder, job.context.stores)
    assert (folder / "subs/de.srt").read_text() == "1"
    assert not (folder / "subs/de.srt").is_symlink()
    assert not (folder / "lavfi.word").exists()


@pytest.mark.parametrize(
    "name", ["../outside.srt", "/etc/hostname", "x" * 300 + ".srt", "d/" * 3000 + "x.srt", "a\0.srt"]
)
async def test_names_that_leave_the_directory_or_that_no_file_can_have_are_ignored(
    tmp_path: Path, name: str
) -> None:
    job = FakeJob(tmp_path)
    (tmp_path / "outside.srt").write_text("secret")
    folder = job.lane()
    before = sorted(tmp_path.rglob("*"))
    await copy_referenced_files([name], folder, job.context.stores)
    assert sorted(tmp_path.rglob("*")) == before


async def test_a_file_of_the_lane_is_kept(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    (job.data / "a.srt").write_text("of the data root")
    folder = job.lane(a__srt=b"of the lane")
    await copy_referenced_files(["a.srt"], folder, job.context.stores)
    assert (folder / "a.srt").read_bytes() == b"of the lane"


async def test_large_files_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_BYTES", 3)
    job = FakeJob(tmp_path)
    (job.data / "a.cube").write_bytes(b"1234")
    folder = job.lane()
    await copy_referenced_files(["a.cube"], folder, job.context.stores)
    assert not (folder / "a.cube").exists()


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("https://host/key\nin.key\nabcd\n", ["in.key"]),
        ("https://host/key\n  in.key  \n", ["in.key"]),
        ("https://host/key\n\n", []),
        ("https://host/key", []),
        ("", []),
    ],
)
def test_the_second_line_names_the_key(tmp_path: Path, text: str, keys: list[str]) -> None:
    (tmp_path / "key.info").write_text(text)
    assert list(find_key_files(["key.info", "missing.info", "../key.info"], tmp_path)) == keys


@pytest.mark.parametrize("key", ["/etc/passwd", "../in.key", "file:/etc/passwd", "http://169.254.169.254/"])
async def test_keys_outside_of_the_job_are_refused(tmp_path: Path, key: str) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(key__info=f"https://host/key\n{key}\n".encode())
    with pytest.raises(InvalidJob) as caught:
        await copy_key_files(["key.info"], folder, job.context.stores)
    assert (caught.value.code, caught.value.where) == ("path_outside_root", {"argument": "-hls_key_info_file"})


async def test_keys_of_the_job_are_copied(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    (job.data / "keys").mkdir()
    (job.data / "keys/in.key").write_bytes(b"key")
    folder = job.lane(key__info=b"https://host/key\nkeys/in.key\n")
    await copy_key_files(["key.info"], folder, job.context.stores)
    assert (folder / "keys/in.key").read_bytes() == b"key"
