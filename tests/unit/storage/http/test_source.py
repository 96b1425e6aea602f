"""File extensions and cache keys of inputs from web servers."""

from __future__ import annotations

import pytest

from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.storage.http.source import HttpSource
from ffmpeg_worker.storage.transfer import DownloadLimits


def identity(url: str, **headers: str) -> str | None:
    remote = HttpSource(OutboundClient(OutboundRules()), DownloadLimits(1))
    return remote.identity(FileSource.model_validate({"url": url, "headers": headers}))


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Algorithm=A&X-Amz-Credential=id%2F1&X-Amz-Date=1&X-Amz-Signature=SECRET",
        "X-Goog-Credential=id&X-Goog-Signature=SECRET",
        "AWSAccessKeyId=id&Signature=SECRET&Expires=1",
        "GoogleAccessId=id&Signature=SECRET&Expires=1",
        "Policy=p&Signature=SECRET&Key-Pair-Id=id",
        "sv=2022&se=1&sp=r&sr=b&skoid=x&sig=SECRET",
    ],
)
def test_the_cache_key_ignores_signatures(query: str) -> None:
    unsigned = identity("https://h/a.mp4?versionId=1")
    assert identity(f"HTTPS://H:443/a.mp4?{query}&versionId=1#part") == unsigned
    assert identity(f"https://h/a.mp4?{query.replace('SECRET', 'OTHER')}&versionId=1") == unsigned
    assert unsigned != identity(f"https://h/a.mp4?{query}&versionId=2")


@pytest.mark.parametrize(
    "other",
    ["http://h/a.mp4", "https://i/a.mp4", "https://h:8443/a.mp4", "https://h/b.mp4", "https://h/a.mp4?token=a"],
)
def test_different_addresses_have_different_cache_keys(other: str) -> None:
    assert identity("https://h/a.mp4") != identity(other)
    assert identity("https://h/a.mp4?token=b") != identity(other)


def test_headers_are_part_of_the_cache_key_as_a_hash() -> None:
    assert identity("https://h/a", Authorization="hush") == identity("https://h/a", authorization="hush")
    assert identity("https://h/a", Authorization="hush") != identity("https://h/a", Authorization="other")
    assert "hush" not in f"{identity('https://h/a', Authorization='hush')}"
    assert identity("https://h/a", **{"If-None-Match": '"a"'}) is None
    assert identity("https://[h/a") is None
