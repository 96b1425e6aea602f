"""Bytes of a transfer stay in their place when they cannot be written at first."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ffmpeg_worker.errors import DiskFull
from ffmpeg_worker.storage.ranged.range_transfer import RangeTransfer


class Owner:
    """A job whose disk is full once."""

    def __init__(self) -> None:
        self.written: list[tuple[int, bytes]] = []
        self._is_full = True
        self.writer = self

    async def write(self, start: int, block: memoryview) -> None:
        if self._is_full:
            self._is_full = False
            raise DiskFull("The disk is full.")
        self.written.append((start, bytes(block)))


def _arrive(transfer: RangeTransfer, block: bytes) -> None:
    transfer._pending.make_space()[: len(block)] = block
    transfer._pending.add(len(block))


async def test_what_could_not_be_written_is_written_before_what_follows() -> None:
    owner = Owner()
    transfer = RangeTransfer(cast(Any, owner), cast(Any, None), 10, 100, 100)
    _arrive(transfer, b"abc")
    with pytest.raises(DiskFull):
        await transfer.flush()
    _arrive(transfer, b"def")
    await transfer.flush()
    assert owner.written == [(10, b"abcdef")]
