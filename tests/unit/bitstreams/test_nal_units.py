"""Units of packets are divided and recognized, and damaged packets are refused."""

from __future__ import annotations

import pytest

from ffmpeg_worker.bitstreams.nal_units import (
    DamagedUnits,
    PictureKind,
    break_link,
    join_start_codes,
    picture_kind,
    split_lengths,
    split_start_codes,
)
from ffmpeg_worker.bitstreams.stream_parameters import read_stream_parameters

# The parameter sets that x264 writes for 160x90 at 25 frames a second, High profile.
SPS = bytes.fromhex("6764000bacd9428dfe588804000003000400000300c83c50a658")
PPS = bytes.fromhex("68ebe3cb22c0")
AVCC = (
    bytes([1, 100, 0, 11, 0xFF, 0xE1])
    + len(SPS).to_bytes(2, "big")
    + SPS
    + b"\1"
    + len(PPS).to_bytes(2, "big")
    + PPS
)


def test_lengths_and_start_codes_hold_the_same_units() -> None:
    units = [b"\x65abc", b"\x41\0\0\3\1d"]
    packet = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
    assert [*split_lengths(packet, 4)] == units == [*split_start_codes(join_start_codes(units))]


@pytest.mark.parametrize("packet", [b"\0\0\0\5abc", b"\0\0", b"\0\0\0\2ab\xff\xff\xff\xff"])
def test_lengths_that_do_not_fit_are_damage(packet: bytes) -> None:
    with pytest.raises(DamagedUnits):
        list(split_lengths(packet, 4))


def test_pictures_are_recognized_by_their_first_slice() -> None:
    assert picture_kind("h264", [b"\x06sei", b"\x65"]) is PictureKind.RESTART
    assert picture_kind("h264", [b"\x41"]) is PictureKind.ORDINARY
    assert picture_kind("h264", [b"\x06sei"]) is PictureKind.NONE
    kinds = {number: picture_kind("hevc", [bytes([number << 1, 1])]) for number in (1, 8, 16, 19, 20, 21)}
    restarts = dict.fromkeys((16, 19, 20), PictureKind.RESTART)
    ordinary = dict.fromkeys((1, 8), PictureKind.ORDINARY)
    assert kinds == {**ordinary, **restarts, 21: PictureKind.OPEN}


def test_a_broken_link_differs_in_its_type_only() -> None:
    slice_, sei = bytes([21 << 1, 1, 7, 8]), bytes([39 << 1, 1, 9])
    assert break_link([sei, slice_]) == [sei, bytes([18 << 1, 1, 7, 8])]


def test_parameter_sets_are_read_from_both_forms() -> None:
    packed, plain = (
        read_stream_parameters("h264", AVCC),
        read_stream_parameters("h264", b"\0\0\0\1" + SPS + b"\0\0\1" + PPS),
    )
    assert packed.units == plain.units == (SPS, PPS)
    assert (packed.length_size, plain.length_size) == (4, 0)
    assert packed.find_free_ids(2) == (1, 2)


@pytest.mark.parametrize("length", range(len(AVCC)))
def test_cut_parameter_sets_are_refused_or_fewer(length: int) -> None:
    try:
        found = read_stream_parameters("h264", AVCC[:length])
    except DamagedUnits:
        return
    assert found.units == (SPS,)
