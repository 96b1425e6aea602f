"""Names of files: which are refused, and how messages show them."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.file_names import check_name, check_output_name, display_name


@pytest.mark.parametrize("name", ["a.mp4", "folder/a.mp4", "/data/a.mp4", "a..b", ".hidden", "ä 🎬", "x" * 255])
def test_accepted(name: str) -> None:
    check_name(name, what="output")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "invalid_name"),
        (".", "invalid_name"),
        ("..", "invalid_name"),
        ("folder/", "invalid_name"),
        ("a\nb", "invalid_name"),
        ("a\x7fb", "invalid_name"),
        ("x" * 256, "invalid_name"),
        ("ä" * 128, "invalid_name"),
        ("x/" * 2048 + "a", "invalid_name"),
        ("../a.mp4", "path_outside_root"),
        ("folder/../../a.mp4", "path_outside_root"),
        ("/data/../etc/passwd", "path_outside_root"),
    ],
)
def test_refused(name: str, code: str) -> None:
    with pytest.raises(InvalidJob, match="The output name") as caught:
        check_name(name, what="output")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("clips/a.mp4", "clips/a.mp4"),
        ("clips/what?.mp4", "clips/what?.mp4"),
        ("https://user:word@host/a.mp4?sig=secret#part", "https://host/a.mp4"),
        ("s3://bucket/a.mp4", "s3://bucket/a.mp4"),
        ("x" * 129, "x" * 127 + "…"),
    ],
)
def test_messages_show_no_credentials(name: str, shown: str) -> None:
    assert display_name(name) == shown


@pytest.mark.parametrize("name", ["a.mp4", "a/b..c.mp4", "/srv/.media/a.mp4", "a.b/c"])
def test_names_that_an_output_may_have(name: str) -> None:
    check_output_name(name)


@pytest.mark.parametrize("name", [".env", ".ssh/config", "a/.b/c.mp4", "a/.b.mp4", "/data/.env", "...", "./.a"])
def test_hidden_names_are_no_outputs(name: str) -> None:
    with pytest.raises(InvalidJob, match="hidden") as caught:
        check_output_name(name)
    assert (caught.value.code, caught.value.where) == ("invalid_name", {"output": name})
