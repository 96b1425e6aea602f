"""NAL units: the parts of a packet of H.264 or HEVC, with lengths or start codes before them (Annex B).

Sources: ITU-T H.264 and H.265, clause 7.3.1 and Annex B; ISO/IEC 14496-15 for lengths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum, auto
from typing import Literal

Codec = Literal["h264", "hevc"]

START_CODE = b"\0\0\0\1"
_CLEAN_RANDOM_ACCESS, _BROKEN_LINK = 21, 18


class PictureKind(IntEnum):
    """Kind of a coded picture: whether decoding can begin at it. The numbers are those in JSON."""

    ORDINARY = 0
    RESTART = auto()
    """Decoding can begin here, and no later picture refers to one before."""
    OPEN = auto()
    """As `RESTART`, except that leading pictures, which follow it and are shown before it, may refer back."""
    NONE = auto()
    """The packet holds no picture."""
    HIDDEN = auto()
    """The edit list of the file does not show the picture."""


KEY_KINDS = frozenset({PictureKind.RESTART, PictureKind.OPEN})


class DamagedUnits(ValueError):
    """A packet cannot be divided into units."""


def split_lengths(data: bytes, length_size: int) -> Iterator[bytes]:
    """Divide a packet whose units have lengths of `length_size` bytes before them.

    Raises:
        DamagedUnits: a length does not fit.
    """
    place = 0
    while place < len(data):
        begin = place + length_size
        end = begin + int.from_bytes(data[place:begin], "big")
        if begin > len(data) or end > len(data):
            raise DamagedUnits
        if end > begin:
            yield data[begin:end]
        place = end


def split_start_codes(data: bytes) -> Iterator[bytes]:
    """Divide a packet, or parameter sets, with start codes between the units."""
    begin = data.find(b"\0\0\1")
    while begin >= 0:
        end = data.find(b"\0\0\1", begin + 3)
        unit = data[begin + 3 : end if end >= 0 else len(data)].rstrip(b"\0")
        if unit:
            yield unit
        begin = end


def join_start_codes(units: Iterable[bytes]) -> bytes:
    """Join units with start codes."""
    return b"".join(START_CODE + unit for unit in units)


def unit_type(codec: Codec, unit: bytes) -> int:
    """The type of a unit, `nal_unit_type`."""
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F


def is_parameter_set(codec: Codec, unit: bytes) -> bool:
    """Whether a unit is a parameter set of any kind."""
    return unit_type(codec, unit) in ({7, 8, 13, 15} if codec == "h264" else {32, 33, 34})


def is_delimiter(codec: Codec, unit: bytes) -> bool:
    """Whether a unit only marks where a packet begins, or where a sequence or the stream ends."""
    return unit_type(codec, unit) in ({9, 10, 11} if codec == "h264" else {35, 36, 37})


def break_link(units: Iterable[bytes]) -> list[bytes]:
    """The units of a clean random access picture of HEVC, as one that follows pictures of another stream.

    A decoder in the middle of a stream takes such a picture (BLA_N_LP) for the begin of a coded video sequence,
    and shows all pictures before it (ITU-T H.265, 7.4.2.2 and C.5.2.2). Pictures that are shown before it must
    have been left out.
    """
    return [
        bytes([unit[0] & 0x81 | _BROKEN_LINK << 1]) + unit[1:]
        if unit_type("hevc", unit) == _CLEAN_RANDOM_ACCESS
        else unit
        for unit in units
    ]


def picture_kind(codec: Codec, units: Iterable[bytes]) -> PictureKind:
    """The kind of the picture that the units of a packet hold."""
    for unit in units:
        number = unit_type(codec, unit)
        if codec == "h264" and 1 <= number <= 5:
            return PictureKind.RESTART if number == 5 else PictureKind.ORDINARY
        if codec == "hevc" and number < 32:
            # IDR and BLA pictures; BLA pictures and the last of both may have leading ones, which are dropped.
            if 16 <= number <= 20:
                return PictureKind.RESTART
            return PictureKind.OPEN if number == _CLEAN_RANDOM_ACCESS else PictureKind.ORDINARY
    return PictureKind.NONE
