"""H.264 in MP4 and Matroska: parameter sets (avcC, ISO/IEC 14496-15) and the kinds of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ffmpeg_worker.bitstreams.bit_reader import BitReader

IDR, SPS, PPS = 5, 7, 8
"""Types of NAL units: a slice of a picture that resets the decoder, and the two parameter sets."""
_SLICES = range(1, 6)
_LENGTH_BYTES = 4
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


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """The NAL units of sequence and picture parameter sets of a stream."""

    sps: tuple[bytes, ...] = ()
    pps: tuple[bytes, ...] = ()

    @property
    def ids(self) -> frozenset[int]:
        """All ids that sequence or picture parameter sets have."""
        return frozenset((*_by_id(self.sps, read_sps_id), *_by_id(self.pps, read_pps_id)))

    def conflicts_with(self, other: ParameterSets) -> bool:
        """Whether the two use one id for different parameter sets, so that one stream cannot have both."""
        for mine, theirs, read in ((self.sps, other.sps, read_sps_id), (self.pps, other.pps, read_pps_id)):
            known, more = _by_id(mine, read), _by_id(theirs, read)
            if any(known[id_] != more[id_] for id_ in known.keys() & more.keys()):
                return True
        return False

    def joined_with(self, other: ParameterSets) -> ParameterSets:
        """Return the parameter sets of both, each once."""
        return ParameterSets(
            tuple(dict.fromkeys((*self.sps, *other.sps))), tuple(dict.fromkeys((*self.pps, *other.pps)))
        )


def read_avcc(extradata: bytes) -> ParameterSets:
    """Read the avcC box of a stream, whose NAL units have lengths of four bytes.

    Raises:
        ValueError: it is something else, such as the parameter sets of an MPEG transport stream.
    """
    if len(extradata) < 7 or extradata[0] != 1 or extradata[4] & 3 != _LENGTH_BYTES - 1:
        raise ValueError("not an avcC box with lengths of four bytes")
    sps, place = _read_units(extradata, 6, extradata[5] & 31)
    if place >= len(extradata):
        raise ValueError("the avcC box is cut off")
    pps, _ = _read_units(extradata, place + 1, extradata[place])
    if not sps or not pps:
        raise ValueError("the avcC box has no parameter sets")
    return ParameterSets(sps, pps)


def write_avcc(sets: ParameterSets) -> bytes:
    """Return the avcC box of 8-bit 4:2:0 streams; its profile and level are the highest of all parameter sets."""
    highest = max(sets.sps, key=lambda unit: unit[1])
    level = max(unit[3] for unit in sets.sps)
    head = bytes((1, highest[1], highest[2], level, 0xFC | (_LENGTH_BYTES - 1), 0xE0 | len(sets.sps)))
    box = head + _write_units(sets.sps) + bytes((len(sets.pps),)) + _write_units(sets.pps)
    # 4:2:0 with 8 bits, and no extensions of sequence parameter sets.
    return box + (b"\xfd\xf8\xf8\0" if highest[1] in HIGH_PROFILES else b"")


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


def iterate_units(packet: memoryview) -> Iterator[memoryview]:
    """Yield the NAL units of a packet, which each have a length of four bytes in front.

    Raises:
        ValueError: the lengths do not fit the packet.
    """
    place = 0
    while place < len(packet):
        begin = place + _LENGTH_BYTES
        place = begin + int.from_bytes(packet[place:begin], "big")
        if place > len(packet) or place == begin:
            raise ValueError("the packet is damaged")
        yield packet[begin:place]


def is_idr(packet: memoryview) -> bool:
    """Whether a packet is an IDR picture: it and all that follow need nothing before it. Raises: ValueError."""
    kinds = (unit[0] & 31 for unit in iterate_units(packet))
    return next((kind for kind in kinds if kind in _SLICES), None) == IDR


def _by_id(units: tuple[bytes, ...], read: object) -> dict[int, bytes]:
    return {read(unit): unit for unit in units}  # type: ignore[operator]


def _read_units(box: bytes, place: int, count: int) -> tuple[tuple[bytes, ...], int]:
    units = []
    for _ in range(count):
        begin = place + 2
        place = begin + int.from_bytes(box[place:begin], "big")
        units.append(box[begin:place])
        if place > len(box) or len(units[-1]) < 2:
            raise ValueError("the avcC box is cut off")
    return tuple(units), place


def _write_units(units: tuple[bytes, ...]) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def _skip_scaling_lists(reader: BitReader, count: int) -> None:
    for number in range(count):
        if not reader.bits(1):
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = (last + reader.se()) % 256
            last = following or last
