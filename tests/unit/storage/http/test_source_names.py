"""Names of local files for inputs from web servers."""

from __future__ import annotations

import pytest

from ffmpeg_worker.storage.http.source_names import name_of


@pytest.mark.parametrize(
    ("url", "content_type", "suffix"),
    [
        ("https://h/a/film.MP4?x=b.mkv#c.avi", "video/webm", ".mp4"),
        ("https://h/film", "video/webm", ".webm"),
        ("https://h.com", "", ""),
        ("https://h.com?a=b.mp4", "", ""),
        ("https://h/film.mp4%00.sh", "video/mp4", ".sh"),
        ("https://h/film.a b", "audio/flac", ".flac"),
        ("https://h/film.", "application/octet-stream", ""),
    ],
)
def test_the_extension_comes_from_the_url_or_the_media_type(url: str, content_type: str, suffix: str) -> None:
    assert name_of(url, content_type) == f"input{suffix}"
