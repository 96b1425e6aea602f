"""Names of downloaded and uploaded files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions.download import DownloadData
from ffmpeg_worker.job.actions.upload import UploadData
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.planning.transfer import Sources, plan_download, plan_upload

INPUTS: Sources = {
    "film": FileSource(url="s3://b/in/a%20b?c.mp4"),
    "text": TextSource(content="x", name="n.srt"),
    "web": FileSource(url="https://h.example/?f=a.mp4"),
}


class _Every(dict[str, LocalFile]):
    """Whatever is asked for is there."""

    def __missing__(self, key: str) -> LocalFile:
        return LocalFile(Path("/x"), f"in-{key}", 1)


FILES = LocalFiles(_Every(), {})


def downloaded(given: Any, output: str | None = None) -> str:
    lane = plan_download(DownloadData(input=given, output=output), INPUTS, FILES)
    [artifact] = lane.artifacts
    return artifact.name


def uploaded(*given: str) -> list[str]:
    return [artifact.name for artifact in plan_upload(UploadData(input=given), INPUTS, FILES).artifacts]


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
