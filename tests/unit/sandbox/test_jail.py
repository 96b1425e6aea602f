"""Ownership and access of a job's files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.sandbox.confinement import Confinement, Limits
from ffmpeg_worker.sandbox.jail import Jail, ReadAccess

UID = 54321
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change owners")


@pytest.fixture
def jail(tmp_path: Path) -> Jail:
    return Jail(tmp_path, Confinement(readable=("/usr",), writable=(), limits=Limits(), uid=UID), cores=2)


def owners(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_uid for path in folder.rglob("*")}


@needs_root
def test_a_working_directory_is_handed_over_without_its_inputs(tmp_path: Path, jail: Jail) -> None:
    lane = tmp_path / "lane"
    (lane / STAGING_FOLDER).mkdir(parents=True)
    (lane / STAGING_FOLDER / "a.mp4").touch()
    (lane / "sub").mkdir()
    (lane / "sub/list.txt").touch()
    (lane / "link").symlink_to("/etc/passwd")
    jail.hand_over(lane)
    found = owners(lane)
    assert (found["sub"], found["sub/list.txt"], found["link"]) == (UID, UID, UID)
    assert found[f"{STAGING_FOLDER}/a.mp4"] == 0
    assert Path("/etc/passwd").stat().st_uid == 0
    assert lane.stat().st_mode & 0o777 == 0o700


@needs_root
def test_a_file_with_another_link_keeps_its_owner(tmp_path: Path, jail: Jail) -> None:
    """A program of an earlier attempt may have linked a file that is not the job's."""
    (tmp_path / "of somebody else").touch()
    lane = tmp_path / "lane"
    lane.mkdir()
    (lane / "stolen").hardlink_to(tmp_path / "of somebody else")
    jail.hand_over(lane)
    assert (tmp_path / "of somebody else").stat().st_uid == 0


@needs_root
def test_an_output_becomes_the_workers(tmp_path: Path, jail: Jail) -> None:
    output = tmp_path / "b.mp4"
    output.touch(mode=0o600)
    jail.hand_over_file(output)
    assert output.stat().st_uid == UID
    jail.take_ownership(tmp_path, "b.mp4")
    assert output.stat().st_uid == 0


@needs_root
@pytest.mark.parametrize("kind", ["of another user", "symbolic link", "hard link"])
def test_other_files_are_not_taken(tmp_path: Path, jail: Jail, kind: str) -> None:
    real = tmp_path / "real"
    real.touch()
    if kind != "of another user":
        os.chown(real, UID, UID)
    output = tmp_path / "b.mp4"
    match kind:
        case "of another user":
            real.rename(output)
        case "symbolic link":
            output.symlink_to("real")
        case "hard link":
            output.hardlink_to(real)
    with pytest.raises(OSError, match=r"\w"):
        jail.take_ownership(tmp_path, "b.mp4")


def test_a_closed_file_cannot_be_read(tmp_path: Path, jail: Jail) -> None:
    (tmp_path / "closed").touch(mode=0o600)
    assert jail.read_access(tmp_path / "closed") is ReadAccess.NONE


def test_without_a_user_of_its_own_every_file_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "closed").touch(mode=0o600)
    assert Jail(tmp_path, None, cores=2).read_access(tmp_path / "closed") is ReadAccess.DIRECT


def test_a_command_may_write_its_folder_only(tmp_path: Path, jail: Jail) -> None:
    jail.allow_read(Path("/media/a.mp4"))
    confinement = jail.for_command(tmp_path / "lane", 10.0)
    assert confinement is not None
    assert confinement.writable == (str(tmp_path / "lane"),)
    assert confinement.readable == ("/usr", str(tmp_path / STAGING_FOLDER), "/media/a.mp4")
    assert confinement.limits.cpu_s == 20


def test_a_probe_may_write_nothing(tmp_path: Path, jail: Jail) -> None:
    confinement = jail.for_probe(0.5)
    assert confinement is not None
    assert (confinement.writable, confinement.limits.cpu_s) == ((), 1)
    assert str(tmp_path) in confinement.readable
