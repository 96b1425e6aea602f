"""Reads from the parameters of an H.264 stream what otherwise only its decoder tells, for common pictures.

The sequence parameter set is that of ISO/IEC 14496-10, 7.3.2.1.1, and `avcC` that of ISO/IEC 14496-15.
"""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.bitstreams.bit_reader import BitReader
from ffmpeg_worker.bitstreams.h264 import HIGH_PROFILES, PPS, SPS

_MAX_BYTES = 256
_START_CODE = b"\0\0\1"
_START_CODES = (_START_CODE, b"\0" + _START_CODE)
_SQUARE = 1


@dataclass(frozen=True, slots=True)
class PlainH264:
    """Progressive 4:2:0 pictures with 8 bits, limited range or none stated, and square or unstated pixels.

    `states_range` says whether the stream states that the range is limited.
    """

    width: int
    height: int
    states_range: bool


def read_plain_h264(extradata: bytes | None) -> PlainH264 | None:
    """Read the parameters of a stream; `None` if the pictures are of another kind, or the parameters damaged.

    A stream that states its colors is another kind: they must be compared with those of the container.

    Args:
        extradata: an `avcC` box, or units after start codes, as in MPEG-TS (ISO/IEC 14496-10, annex B).
    """
    units = _split_units(extradata or b"")
    kinds = [unit[0] & 0x1F for unit in units]
    if kinds[:2] != [SPS, PPS] or SPS in kinds[1:] or not 4 < len(units[0]) <= _MAX_BYTES:
        return None
    try:
        return _read_parameters(BitReader(units[0][1:]))
    except ValueError:
        return None


def _split_units(extradata: bytes) -> list[bytes]:
    """All units after start codes, or the first two of a box with one sequence parameter set; else none."""
    if extradata.startswith(_START_CODES):
        units = (unit.rstrip(b"\0") for unit in extradata.split(_START_CODE))
        return [unit for unit in units if unit]
    if len(extradata) < 8 or extradata[0] != 1 or extradata[5] & 0x1F != 1:
        return []
    sequence, rest = _take(extradata[6:])
    picture, _ = _take(rest[1:]) if rest[:1] == b"\1" else (b"", b"")
    return [unit for unit in (sequence, picture) if unit]


def _take(data: bytes) -> tuple[bytes, bytes]:
    """A unit after its length in two bytes, and what follows; nothing if it is cut off."""
    end = 2 + int.from_bytes(data[:2], "big")
    return (data[2:end], data[end:]) if end <= len(data) else (b"", b"")


def _read_parameters(bits: BitReader) -> PlainH264 | None:
    profile = bits.bits(8)
    bits.bits(16)  # constraints and level
    bits.ue()  # its id
    if profile in HIGH_PROFILES and not _has_plain_samples(bits):
        return None
    bits.ue()  # of bits of frame numbers
    order = bits.ue()
    if order == 0:
        bits.ue()
    bits.ue()  # of reference frames
    bits.bits(1)  # gaps in frame numbers
    width, height = 16 * (bits.ue() + 1), 16 * (bits.ue() + 1)
    is_progressive = bits.bits(1) == 1
    bits.bits(1)
    if order == 1 or not is_progressive:
        return None
    if bits.bits(1):
        left, right, top, bottom = (2 * bits.ue() for _ in range(4))
        width, height = width - left - right, height - top - bottom
    states_range = bits.bits(1) == 1 and _read_usability(bits)
    return None if states_range is None else PlainH264(width, height, states_range)


def _has_plain_samples(bits: BitReader) -> bool:
    """Whether they are 4:2:0 with 8 bits, neither lossless nor with scaling matrices."""
    is_420 = bits.ue() == 1
    return is_420 and bits.ue() == 0 and bits.ue() == 0 and bits.bits(2) == 0


def _read_usability(bits: BitReader) -> bool | None:
    """Read whether a limited range is stated; `None` if colors, a full range or oblong pixels are stated."""
    if bits.bits(1) and bits.bits(8) != _SQUARE:
        return None
    if bits.bits(1):  # whether overscan is appropriate
        bits.bits(1)
    if not bits.bits(1):
        return False
    bits.bits(3)  # the format of the video signal
    return True if bits.bits(2) == 0 else None
