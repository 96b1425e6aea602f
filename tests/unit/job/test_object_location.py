"""Objects in buckets: URLs, names of buckets, keys."""

from __future__ import annotations

import pytest

from ffmpeg_worker.job.credentials import CloudType
from ffmpeg_worker.job.object_location import (
    ObjectLocation,
    describe_key_problem,
    is_bucket_name,
    read_location,
)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("s3://bucket/a/b.mp4", ("AWS", "bucket", "a/b.mp4")),
        ("S3://bucket", ("AWS", "bucket", "")),
        ("r2://bucket/a", ("R2", "bucket", "a")),
        ("gcs://bucket/a?b#c", ("GCP", "bucket", "a?b#c")),
        ("azure://container/a", ("AZURE", "container", "a")),
        ("https://bucket/a", None),
        ("s3:///a", None),
        ("a.mp4", None),
    ],
)
def test_urls(url: str, location: tuple[str, str, str] | None) -> None:
    found = read_location(url)
    if location is None:
        assert found is None
    else:
        assert found == ObjectLocation(cloud=CloudType(location[0]), bucket=location[1], key=location[2])


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("a/b.mp4", None),
        ("", None),
        ("ä" * 512, None),
        ("/a", "starts with"),
        ("a/../b", '".."'),
        ("./a", '"."'),
        ("a//b", "empty part"),
        ("ä" * 513, "longer than 1024 bytes"),
        ("a\tb", "control character"),
    ],
)
def test_keys(key: str, problem: str | None) -> None:
    found = describe_key_problem(key)
    assert found is None if problem is None else problem in (found or "")


@pytest.mark.parametrize(("name", "is_one"), [("media-out", True), ("$web", True), ("a/b", False), ("", False)])
def test_names_of_buckets(name: str, is_one: bool) -> None:
    assert is_bucket_name(name) is is_one
