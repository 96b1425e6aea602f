"""The location of an API: its health URL, and what counts as healthy."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.client.location import health_url, read_health


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://localhost:3000/api", "http://localhost:3000/health"),
        ("http://localhost:3000/api/", "http://localhost:3000/health"),
        ("https://host/prefix/api", "https://host/prefix/health"),
        ("http://host", "http://host/health"),
    ],
)
def test_the_health_url(base_url: str, expected: str) -> None:
    assert health_url(base_url) == expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"status": "ok", "version": "1"}', {"status": "ok", "version": "1"}),
        (503, b'{"status": "ok"}', None),
        (200, b'{"status": "closing"}', None),
        (200, b'{"database": "ok"}', None),
        (200, b"[]", None),
        (200, b"<html>", None),
        (200, b"[" * 100_000, None),
    ],
)
def test_only_an_api_that_takes_jobs_is_healthy(status: int, body: bytes, expected: Any) -> None:
    assert read_health(status, body) == expected
