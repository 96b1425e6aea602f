"""The rights that each version of Landlock restricts."""

from __future__ import annotations

import struct

import pytest

from ffmpeg_worker.sandbox.landlock import file_rights, ruleset_attributes


@pytest.mark.parametrize(
    ("abi", "rights", "words"),
    [
        (1, 0x1FFF, 1),
        (2, 0x3FFF, 1),
        (3, 0x7FFF, 1),
        (4, 0x7FFF, 2),
        (5, 0xFFFF, 2),
        (6, 0xFFFF, 3),
        (9, 0xFFFF, 3),
    ],
)
def test_rights_that_each_version_restricts(abi: int, rights: int, words: int) -> None:
    assert file_rights(abi) == rights
    found = struct.unpack(f"={words}Q", ruleset_attributes(abi))
    assert found == (rights, 3, 3)[:words]
