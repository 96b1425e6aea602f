"""The parameter sets of a stream, as containers store them (`extradata`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ffmpeg_worker.bitstreams import hevc
from ffmpeg_worker.bitstreams.h264 import PPS, SPS, read_pps_id, read_sps_id
from ffmpeg_worker.bitstreams.nal_units import Codec, DamagedUnits, is_parameter_set, split_start_codes, unit_type

_MAX_H264_SETS = 32
_MAX_UNITS = 256
_MAX_BYTES = 1 << 17
"""Twice what one sequence and one picture parameter set of the largest kind have in `avcC`."""


_READERS: Mapping[Codec, Mapping[int, Callable[[bytes], int]]] = {
    "h264": {SPS: read_sps_id, PPS: read_pps_id},
    "hevc": dict.fromkeys((hevc.VPS, hevc.SPS, hevc.PPS), hevc.read_id),
}


@dataclass(frozen=True, slots=True)
class StreamParameters:
    """The parameter sets of a stream.

    Attributes:
        units: the sets, in order.
        length_size: bytes of the lengths before the units of packets; 0 where packets have start codes.
    """

    codec: Codec
    units: tuple[bytes, ...]
    length_size: int = 0

    def conflicts_with(self, other: StreamParameters) -> bool:
        """Whether the two use one number for different sets, so that one sample entry cannot have both.

        Raises:
            ValueError: a set is damaged.
        """
        mine, theirs = self._by_id(), other._by_id()
        return any(mine[key] != theirs[key] for key in mine.keys() & theirs.keys())

    def joined_with(self, other: StreamParameters) -> StreamParameters:
        """The sets of both, each once."""
        return replace(self, units=tuple(dict.fromkeys((*self.units, *other.units))))

    def find_free_ids(self, count: int) -> tuple[int, ...]:
        """The lowest numbers that neither a sequence nor a picture parameter set of H.264 has.

        Raises:
            DamagedUnits: there are not as many.
        """
        used = {read_sps_id(unit) for unit in self._of_type(SPS)} | {
            read_pps_id(unit) for unit in self._of_type(PPS)
        }
        free = [number for number in range(_MAX_H264_SETS) if number not in used]
        if len(free) < count:
            raise DamagedUnits
        return tuple(free[:count])

    @property
    def h264_sequences(self) -> tuple[bytes, ...]:
        """The sequence parameter sets of H.264, at least one.

        Raises:
            DamagedUnits: there is none.
        """
        found = tuple(self._of_type(SPS))
        if not found:
            raise DamagedUnits
        return found

    def _by_id(self) -> Mapping[tuple[int, object], bytes]:
        """The sets by type and number; those of other types than usual by themselves."""
        read = _READERS[self.codec]
        kinds = [(unit_type(self.codec, unit), unit) for unit in self.units]
        return {(kind, read[kind](unit) if kind in read else unit): unit.rstrip(b"\0") for kind, unit in kinds}

    def _of_type(self, number: int) -> list[bytes]:
        return [unit for unit in self.units if unit_type(self.codec, unit) == number]


def read_stream_parameters(codec: Codec, extradata: bytes) -> StreamParameters:
    """Read the parameter sets in `avcC`, `hvcC` or Annex B form.

    Raises:
        DamagedUnits: they cannot be read, or there are none.
    """
    if len(extradata) > _MAX_BYTES:
        raise DamagedUnits
    try:
        if extradata[:1] != b"\1":
            units, size = list(split_start_codes(extradata)), 0
        elif codec == "h264":
            units, size = list(_read_avcc(extradata)), (extradata[4] & 3) + 1
        else:
            units, size = list(_read_hvcc(extradata)), (extradata[21] & 3) + 1
    except IndexError:
        raise DamagedUnits from None
    sets = tuple(unit for unit in units if is_parameter_set(codec, unit))
    if not sets or len(sets) > _MAX_UNITS:
        raise DamagedUnits
    return StreamParameters(codec, sets, size)


def _read_avcc(data: bytes) -> Iterator[bytes]:
    """ISO/IEC 14496-15, 5.3.3.1."""
    place = 5
    for mask in (0x1F, 0xFF):
        count = data[place] & mask
        place += 1
        for _ in range(count):
            end = place + 2 + int.from_bytes(data[place : place + 2], "big")
            yield _take(data, place + 2, end)
            place = end


def _read_hvcc(data: bytes) -> Iterator[bytes]:
    """ISO/IEC 14496-15, 8.3.3.1."""
    place = 23
    for _ in range(data[22]):
        count = int.from_bytes(data[place + 1 : place + 3], "big")
        place += 3
        for _ in range(count):
            end = place + 2 + int.from_bytes(data[place : place + 2], "big")
            yield _take(data, place + 2, end)
            place = end


def _take(data: bytes, begin: int, end: int) -> bytes:
    if end > len(data) or end <= begin:
        raise DamagedUnits
    return data[begin:end]
