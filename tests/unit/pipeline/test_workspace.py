"""The directory of a job: staged names, placed inputs, working directories, later attempts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.sandbox.jail import Jail


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "job", Jail(tmp_path / "job", None, cores=2))


@pytest.mark.parametrize(
    ("name", "stem", "staged"),
    [
        ("a.mp4", None, "a.mp4"),
        ("-i.mp4", None, "-i.mp4"),
        ("my film's 1.MP4", None, "my_film_s_1.MP4"),
        ("träume.mkv", None, "tr_ume.mkv"),
        ("😀.mp4", None, "input.mp4"),
        ("x" * 200 + ".mp4", None, "x" * 60 + ".mp4"),
        ("a.m p4", None, "a.mp4"),
        ("a", None, "a"),
        ("/x/.hidden", None, "hidden"),
        ("x.m;k'v", None, "x.mkv"),
        ("😀", None, "input"),
        ("https://host/film.mov", "in_1", "in_1.mov"),
    ],
)
def test_staged_names_are_plain(workspace: Workspace, name: str, stem: str | None, staged: str) -> None:
    assert workspace.reserve(name, stem=stem) == staged


def test_staged_names_are_unique(workspace: Workspace) -> None:
    assert [workspace.reserve("a.mp4") for _ in range(3)] == ["a.mp4", "a-2.mp4", "a-3.mp4"]


async def test_an_input_is_linked_where_it_can_be_read(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"media")
    assert await workspace.place(tmp_path / "a.mp4", "a.mp4") == tmp_path / "a.mp4"
    assert (workspace.staging / "a.mp4").readlink() == tmp_path / "a.mp4"


async def test_one_of_many_inputs_is_linked_by_a_second_name(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"media")
    await workspace.place(tmp_path / "a.png", "a.png", one_of_many=True)
    assert (workspace.staging / "a.png").samefile(tmp_path / "a.png")
    assert not (workspace.staging / "a.png").is_symlink()


def test_a_lane_sees_the_inputs_through_relative_links(workspace: Workspace) -> None:
    (workspace.staging / "a.mp4").write_bytes(b"media")
    folder = workspace.lane("lane-0")
    link = folder / STAGING_FOLDER / "a.mp4"
    assert (link.readlink(), link.read_bytes()) == (Path("../../_in/a.mp4"), b"media")


def test_a_later_attempt_finds_what_was_there(workspace: Workspace, tmp_path: Path) -> None:
    workspace.reserve("b.mp4")
    (workspace.staging / "b.mp4").write_bytes(b"media")
    (workspace.lane("lane-0") / "made").write_bytes(b"made")
    workspace.mark_done("lane-0/step-0")
    later = Workspace(workspace.root, Jail(workspace.root, None, cores=2))
    assert (later.lane("lane-0") / "made").read_bytes() == b"made"
    assert later.has_done("lane-0/step-0")
    assert not later.has_done("lane-0/step-1")
    assert later.reserve("b.mp4") == "b-2.mp4"
