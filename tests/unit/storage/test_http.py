"""What downloads decide without a server."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from ffmpeg_worker.storage import pace
from ffmpeg_worker.storage.http import _suffix
from ffmpeg_worker.storage.http_transfer import _retry_after_s
from ffmpeg_worker.storage.pace import Pace


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
def test_the_extension(url: str, content_type: str, suffix: str) -> None:
    assert _suffix(url, content_type) == suffix


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("2", 2), ("0", 0), ("99999999999", 30), ("-1", None), ("soon", None), ("٣", None)],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert _retry_after_s(value) == seconds


def test_retry_after_a_date() -> None:
    now = datetime.now(UTC)
    assert _retry_after_s(format_datetime(now + timedelta(hours=1), usegmt=True)) == 30
    assert _retry_after_s(format_datetime(now - timedelta(hours=1), usegmt=True)) == 0


def test_the_pace_is_that_of_each_window(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 5.0, 10.0, 15.0, 20.0])
    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    counted = Pace(100, 10)
    counted.count(900)
    counted.count(100)
    counted.count(500)
    with pytest.raises(TimeoutError):
        counted.count(499)


def test_a_worker_starts_without_the_http_client() -> None:
    code = "import sys, ffmpeg_worker.services; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
