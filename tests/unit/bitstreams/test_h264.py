"""Parameter sets and pictures of H.264; the bytes are those that x264 and FFmpeg write."""

from __future__ import annotations

import pytest

from ffmpeg_worker.bitstreams.h264 import (
    SequenceParameters,
    is_idr,
    iterate_units,
    read_avcc,
    read_pps_id,
    read_sequence,
    write_avcc,
)

_MAIN = bytes.fromhex("014d400cffe10019674d400ceca0a0cfcf80880000030008000003019078a14cb001000568ebe3cb20")
_HIGH = bytes.fromhex(
    "0164000cffe1001a6764000c4b36505067e7c044000003000400000300c83c50a658010005684af8fcb0fdf8f800"
)


def test_parameter_sets_are_read() -> None:
    main, high = read_avcc(_MAIN), read_avcc(_HIGH)
    assert read_sequence(main.sps[0]) == SequenceParameters(77, 12, 0, 1, 8, is_progressive=True, references=4)
    assert read_sequence(high.sps[0]) == SequenceParameters(100, 12, 1, 1, 8, is_progressive=True, references=4)
    assert [read_pps_id(one.pps[0]) for one in (main, high)] == [0, 1]
    assert (set(main.ids), set(high.ids)) == ({0}, {1})


def test_streams_with_different_ids_are_joined() -> None:
    main, high = read_avcc(_MAIN), read_avcc(_HIGH)
    assert not main.conflicts_with(high)
    joined = main.joined_with(high).joined_with(main)
    assert read_avcc(write_avcc(joined)) == joined
    # The head names the higher profile, with the field of chroma formats that it has.
    assert write_avcc(joined)[1] == 100
    assert write_avcc(high) == _HIGH


def test_streams_with_the_same_id_conflict() -> None:
    other = read_avcc(_MAIN.replace(bytes.fromhex("68ebe3cb20"), bytes.fromhex("68ebe3cb30")))
    assert read_avcc(_MAIN).conflicts_with(other)
    assert not other.conflicts_with(other)


@pytest.mark.parametrize("data", [b"", b"\0\0\0\1\x67\x64\0\x0c", _MAIN[:20], _HIGH[:40], b"\1" * 7])
def test_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"avcC|NAL"):
        read_avcc(data)


def _packet(*units: bytes) -> memoryview:
    return memoryview(b"".join(len(unit).to_bytes(4, "big") + unit for unit in units))


def test_an_idr_picture_is_told_by_its_first_slice() -> None:
    assert is_idr(_packet(b"\x06\5\0", b"\x65\x88"))
    assert not is_idr(_packet(b"\x06\5\0", b"\x41\x9a", b"\x65\x88"))
    assert not is_idr(_packet(b"\x09\xf0"))


@pytest.mark.parametrize("data", [b"\0\0\0\5ab", b"\0\0\0\0", b"\0\0"])
def test_a_damaged_packet_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        list(iterate_units(memoryview(data)))


def test_a_cut_parameter_set_is_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        read_sequence(read_avcc(_HIGH).sps[0][:5])
