"""Parameter sets of H.264; the bytes are those that x264 and FFmpeg write."""

from __future__ import annotations

import pytest

from ffmpeg_worker.bitstreams.h264 import SequenceParameters, read_pps_id, read_sequence
from ffmpeg_worker.bitstreams.nal_units import join_start_codes
from ffmpeg_worker.bitstreams.stream_parameters import read_stream_parameters

_MAIN = read_stream_parameters(
    "h264", bytes.fromhex("014d400cffe10019674d400ceca0a0cfcf80880000030008000003019078a14cb001000568ebe3cb20")
)
_HIGH = read_stream_parameters(
    "h264",
    bytes.fromhex("0164000cffe1001a6764000c4b36505067e7c044000003000400000300c83c50a658010005684af8fcb0fdf8f800"),
)


def test_parameter_sets_are_read() -> None:
    assert read_sequence(_MAIN.h264_sequences[0]) == SequenceParameters(
        77, 12, 0, 1, 8, is_progressive=True, references=4
    )
    assert read_sequence(_HIGH.h264_sequences[0]) == SequenceParameters(
        100, 12, 1, 1, 8, is_progressive=True, references=4
    )
    assert [read_pps_id(one.units[1]) for one in (_MAIN, _HIGH)] == [0, 1]


def test_streams_with_different_ids_are_joined() -> None:
    assert not _MAIN.conflicts_with(_HIGH)
    joined = _MAIN.joined_with(_HIGH).joined_with(_MAIN)
    assert joined.units == (*_MAIN.units, *_HIGH.units)
    assert joined.find_free_ids(1) == (2,)


def test_streams_with_the_same_id_conflict() -> None:
    other = read_stream_parameters("h264", join_start_codes((_MAIN.units[0], bytes.fromhex("68ebe3cb30"))))
    assert _MAIN.conflicts_with(other)
    assert not other.conflicts_with(other)


def test_a_cut_parameter_set_is_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        read_sequence(_HIGH.h264_sequences[0][:5])
