"""Byte counters, stall guards and folders of transfers."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from ffmpeg_worker.errors import DiskFull
from ffmpeg_worker.storage import transfer
from ffmpeg_worker.storage.transfer import StallGuard, TransferMeter, download_folder, safe_suffix, write_block


def test_a_meter_reports_each_change_and_starts_over() -> None:
    seen: list[tuple[int, int | None]] = []
    meter = TransferMeter(lambda: seen.append((meter.done, meter.total)))
    meter.expect(10)
    meter.add(4)
    meter.expect(None)
    assert seen == [(0, 10), (4, 10), (0, None)]


def test_a_file_from_the_cache_counts_as_transferred_but_takes_no_space() -> None:
    seen: list[int] = []
    meter = TransferMeter(lambda: seen.append(meter.done))
    meter.reuse(10)
    assert (meter.done, meter.total, meter.is_reused, seen) == (10, 10, True, [10])


@pytest.mark.parametrize(("free", "fits"), [(104, True), (103, False)])
async def test_a_block_leaves_the_minimum_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, fits: bool
) -> None:
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_bavail=free, f_frsize=1))
    path = tmp_path / "a"
    with path.open("xb", buffering=0) as file, nullcontext() if fits else pytest.raises(DiskFull):
        await write_block(file, b"abcd", 0, min_free_bytes=100)
    assert path.read_bytes() == (b"abcd" if fits else b"")


def test_an_error_of_the_observer_ends_the_transfer() -> None:
    def refuse() -> None:
        raise ValueError("too much")

    with pytest.raises(ValueError, match="too much"):
        TransferMeter(refuse).add(1)


def test_each_window_must_be_fast_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 5.0, 10.0, 15.0, 20.0])
    monkeypatch.setattr(transfer, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    guard = StallGuard(100, 10)
    guard.count(900)
    guard.count(100)
    guard.count(500)
    with pytest.raises(TimeoutError):
        guard.count(499)


def test_a_failed_download_leaves_no_folder(tmp_path: Path) -> None:
    with download_folder(tmp_path) as kept:
        (kept / "a").write_bytes(b"x")
    with pytest.raises(FileExistsError), download_folder(tmp_path) as failed:
        failed.mkdir()
    assert list(tmp_path.iterdir()) == [kept]
    assert kept.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("path", "suffix"),
    [("a/b.MP4", ".mp4"), ("a", ""), ("a.m p4", ""), ("a.tar.gz", ".gz"), (f"a.{13 * 'x'}", "")],
)
def test_only_plain_extensions_are_kept(path: str, suffix: str) -> None:
    assert safe_suffix(path) == suffix
