"""Names of downloaded and uploaded files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from support.jobs.plans import plan_job

INPUTS = {
    "film": "s3://b/in/a%20b?c.mp4",
    "text": {"content": "x", "name": "n.srt"},
    "web": "https://h.example/?f=a.mp4",
}


class _Every(dict[str, LocalFile]):
    """Whatever is asked for is there."""

    def __missing__(self, key: str) -> LocalFile:
        return LocalFile(Path("/x"), f"in-{key}", 1)


FILES = LocalFiles(_Every(), {})


def names(action: str, **data: Any) -> list[str]:
    (lane,) = plan_job({"action": action, "data": data, "inputs": INPUTS}, files=FILES).lanes
    return [artifact.name for artifact in lane.artifacts]


def downloaded(given: Any, output: str | None = None) -> str:
    (name,) = names("download", input=given, output=output)
    return name


def uploaded(*given: str) -> list[str]:
    return names("upload", input=given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://h.example/a/b%20c.mp4?sig=x.mkv#d", "b c.mp4"),
        ("s3://b/in/a%20b?c.mp4", "a%20b?c.mp4"),
        ("{{film}}", "a%20b?c.mp4"),
        ("text", "n.srt"),
        ({"content": "x", "name": "m.srt"}, "m.srt"),
        ("clips/a.mp4", "a.mp4"),
    ],
)
def test_a_download_is_called_like_its_source(given: Any, expected: str) -> None:
    assert downloaded(given) == expected
    assert downloaded(given, "own.mp4") == "own.mp4"


@pytest.mark.parametrize("given", ["https://h.example", "https://h.example/", "web", "https://h.example/%2e%2e"])
def test_a_download_without_a_name(given: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        downloaded(given)
    assert (caught.value.code, caught.value.where) == ("missing_field", {"field": "output"})


def test_uploads_keep_relative_names() -> None:
    given = ("a.mp4", "sub/a.mp4", "/data/b.mp4", "film", "https://h.example/c.mp4?x")
    assert uploaded(*given) == ["a.mp4", "sub/a.mp4", "b.mp4", "a%20b?c.mp4", "c.mp4"]


def test_uploads_of_one_name() -> None:
    with pytest.raises(InvalidJob) as caught:
        uploaded("a.mp4", "/data/a.mp4")
    assert caught.value.code == "duplicate_output"
