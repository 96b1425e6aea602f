"""The files of an output: sequences, and playlists with their media."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.output_files import final_name, find_companions, find_files
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.plan import Lane


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("f%d.png", ["f1.png", "f2.png", "f10.png"]),
        ("out/%03d.jpg", ["out/001.jpg", "out/002.jpg"]),
        ("a%%b.png", ["a%b.png"]),
        ("v%v.m3u8", ["vhigh.m3u8", "vlow.m3u8"]),
        ("%Y-%m.mp4", ["2026-11.mp4"]),
        ("none%d.png", []),
        ("%Y" * 40 + "x.png", []),
        ("²%v.png", ["²1.png"]),
    ],
)
def test_a_sequence_stands_for_its_files_in_natural_order(tmp_path: Path, pattern: str, found: list[str]) -> None:
    touch(tmp_path, "f10.png", "f2.png", "f1.png", "fx.png", "out/002.jpg", "out/001.jpg", "a%b.png")
    touch(
        tmp_path,
        "b" * 200 + ".png",
        "²1.png",
        "vlow.m3u8",
        "vhigh.m3u8",
        "2026-11.mp4",
        f"{STAGING_FOLDER}/f3.png",
    )
    assert find_files(Artifact(pattern, pattern, ArtifactKind.SEQUENCE), tmp_path) == found


def test_a_file_stands_for_itself(tmp_path: Path) -> None:
    touch(tmp_path, "a%d.mp4")
    assert find_files(Artifact("a%d.mp4", "a%d.mp4"), tmp_path) == ["a%d.mp4"]
    assert find_files(Artifact("b.mp4", "b.mp4"), tmp_path) == []


def test_a_link_is_found_so_that_it_can_be_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").symlink_to("/nowhere")
    assert find_files(Artifact("a.mp4", "a.mp4"), tmp_path) == ["a.mp4"]


def test_companions_are_whatever_was_written_beside_the_outputs(tmp_path: Path) -> None:
    touch(tmp_path, "x.m3u8", "x0.ts", "x10.ts", "x2.ts", "sub/v.m3u8", "log.txt", "poster.jpg", "other.mp4")
    touch(tmp_path, "in.key", f"{STAGING_FOLDER}/source.mp4")
    (tmp_path / "key.info").write_text("https://host/key\nin.key\n")
    lane = Lane(
        (),
        (Artifact("x.m3u8", "x.m3u8", ArtifactKind.PLAYLIST), Artifact("other.mp4", "other.mp4")),
        key_info_files=frozenset({"key.info"}),
    )
    assert find_companions(tmp_path, lane) == [
        *("log.txt", "poster.jpg", "sub/v.m3u8", "x0.ts", "x2.ts", "x10.ts")
    ]


@pytest.mark.parametrize(
    ("name", "work_name", "file", "final"),
    [
        ("out/x.m3u8", "out/x.m3u8", "out/x.m3u8", "out/x.m3u8"),
        ("out/x.m3u8", "out/x.m3u8", "out/s1.ts", "out/s1.ts"),
        ("/media/x.m3u8", "x.m3u8", "x.m3u8", "/media/x.m3u8"),
        ("/media/x.m3u8", "x.m3u8", "s1.ts", "/media/s1.ts"),
    ],
)
def test_a_companion_stays_beside_its_playlist(name: str, work_name: str, file: str, final: str) -> None:
    assert final_name(Artifact(name, work_name, ArtifactKind.PLAYLIST), file) == final
