"""Parameter sets of H.264."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.bitstreams.bit_reader import BitReader

SPS, PPS = 7, 8
"""Types of units with sequence and picture parameter sets."""
HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose parameters name the chroma format; the others have 4:2:0 with 8 bits."""


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """The facts of a sequence parameter set that decide whether streams may be joined.

    `chroma` is 1 for 4:2:0, `depth` the bits of a luma sample, `references` the most pictures that one refers to.
    """

    profile: int
    level: int
    id: int
    chroma: int
    depth: int
    is_progressive: bool
    references: int


def read_sequence(unit: bytes) -> SequenceParameters:
    """Read a sequence parameter set (7.3.2.1.1 of ITU-T H.264).

    Raises:
        ValueError: it is damaged.
    """
    reader = BitReader(unit[1:])
    profile, _, level, id_ = reader.bits(8), reader.bits(8), reader.bits(8), reader.ue()
    chroma, depth = 1, 8
    if profile in HIGH_PROFILES:
        chroma = reader.ue()
        if chroma == 3:
            reader.bits(1)
        depth = 8 + reader.ue()
        reader.ue()
        reader.bits(1)
        if reader.bits(1):
            _skip_scaling_lists(reader, 12 if chroma == 3 else 8)
    reader.ue()
    match reader.ue():  # pic_order_cnt_type
        case 0:
            reader.ue()
        case 1:
            reader.bits(1)
            reader.se()
            reader.se()
            for _ in range(reader.ue()):
                reader.se()
    references = reader.ue()  # max_num_ref_frames
    reader.bits(1)
    reader.ue()
    reader.ue()
    is_progressive = bool(reader.bits(1))
    return SequenceParameters(profile, level, id_, chroma, depth, is_progressive, references)


def read_sps_id(unit: bytes) -> int:
    """Read the id of a sequence parameter set. Raises: ValueError."""
    return BitReader(unit[4:]).ue()


def read_pps_id(unit: bytes) -> int:
    """Read the id of a picture parameter set. Raises: ValueError."""
    return BitReader(unit[1:]).ue()


def _skip_scaling_lists(reader: BitReader, count: int) -> None:
    for number in range(count):
        if not reader.bits(1):
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = (last + reader.se()) % 256
            last = following or last
