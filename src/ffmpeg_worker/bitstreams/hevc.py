"""HEVC: numbers of parameter sets, and how those of a stream are changed (ITU-T H.265, 7.3).

Streams of one encoder number their parameter sets alike, so two of them cannot be in one sample entry. Slices name
a picture parameter set right after one or two flags. If its number takes eight bits more, all other bits of the
slice keep their places in their bytes, so that the slice is changed without being parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ffmpeg_worker.bitstreams.bit_reader import BitReader
from ffmpeg_worker.bitstreams.nal_units import DamagedUnits, unit_type

VPS, SPS, PPS = 32, 33, 34
"""Types of units with video, sequence and picture parameter sets."""
_HEADER_BYTES = 2
_MAX_SLICE = 31
_RANDOM_ACCESS = range(16, 24)
"""Types of slices that have a second flag before the number."""
_IDS = range(16)
_LONG_CODES = tuple(number for number in range(15, 31) if (number + 1) & 3)
"""Numbers whose Exp-Golomb code has nine bits and does not end in two zeros.

That of 0 has one bit. No new byte is 0, so emulation prevention bytes stay as they are.
"""
_UNPROTECTED = re.compile(rb"\0\0(?=[\0-\3])")


@dataclass(frozen=True, slots=True)
class ParameterIds:
    """Numbers of a video, a sequence and a picture parameter set."""

    vps: int
    sps: int
    pps: int


def read_id(unit: bytes) -> int:
    """The number of a parameter set.

    Raises:
        ValueError: it is damaged.
    """
    reader = BitReader(unit[_HEADER_BYTES:])
    match unit_type("hevc", unit):
        case 32:
            return reader.bits(4)
        case 33:
            reader.bits(_bits_before_sps_id(unit))
            return reader.ue()
        case _:
            return reader.ue()


def find_free_ids(units: Iterable[bytes]) -> ParameterIds:
    """Numbers that none of these parameter sets has.

    Raises:
        DamagedUnits: there are none.
    """
    used: dict[int, set[int]] = {VPS: set(), SPS: set(), PPS: set()}
    for unit in units:
        used[unit_type("hevc", unit)].add(read_id(unit))
    free = [
        next((number for number in numbers if number not in used[kind]), None)
        for kind, numbers in ((VPS, _IDS), (SPS, _IDS), (PPS, _LONG_CODES))
    ]
    vps, sps, pps = free
    if vps is None or sps is None or pps is None:
        raise DamagedUnits
    return ParameterIds(vps, sps, pps)


def change_ids(unit: bytes, ids: ParameterIds) -> bytes:
    """Give a parameter set, and those that it refers to, other numbers; its own was 0.

    Raises:
        ValueError: it is damaged.
    """
    bits = _Bits.of_unit(unit)
    match unit_type("hevc", unit):
        case 32:
            bits.replace(0, 4, ids.vps, 4)
        case 33:
            place = _bits_before_sps_id(unit)
            bits.replace_zero_code(place, ids.sps)
            bits.replace(0, 4, ids.vps, 4)
        case _:
            bits.replace_zero_code(0, ids.pps)
            bits.replace_zero_code(_code_length(ids.pps), ids.sps)
    return unit[:_HEADER_BYTES] + bits.as_payload()


def change_slice(unit: bytes, ids: ParameterIds) -> bytes:
    """Let a slice refer to another picture parameter set than that of number 0; other units stay as they are.

    Raises:
        DamagedUnits: it refers to one of another number.
    """
    kind = unit_type("hevc", unit)
    if kind > _MAX_SLICE:
        return unit
    flags = 2 if kind in _RANDOM_ACCESS else 1
    if len(unit) <= _HEADER_BYTES or not unit[_HEADER_BYTES] >> (7 - flags) & 1:
        raise DamagedUnits
    first, rest_bits = unit[_HEADER_BYTES], 7 - flags
    rest = first & ((1 << rest_bits) - 1)
    both = first >> (8 - flags) << (16 - flags) | (ids.pps + 1) << rest_bits | rest
    return unit[:_HEADER_BYTES] + both.to_bytes(2, "big") + unit[_HEADER_BYTES + 1 :]


def _bits_before_sps_id(unit: bytes) -> int:
    """The bits of a sequence parameter set before its number: flags and `profile_tier_level`."""
    reader = BitReader(unit[_HEADER_BYTES:])
    reader.bits(4)
    sub_layers = reader.bits(3)
    reader.bits(1 + 88 + 8)
    bits = 4 + 3 + 1 + 88 + 8
    if sub_layers:
        present = [(reader.bits(1), reader.bits(1)) for _ in range(8)][:sub_layers]
        bits += 16 + sum(88 * profile + 8 * level for profile, level in present)
    return bits


def _code_length(number: int) -> int:
    """The bits of an unsigned Exp-Golomb code."""
    return 2 * (number + 1).bit_length() - 1


class _Bits:
    """The payload of a unit as bits, up to the last one that is set: it marks the end."""

    def __init__(self, value: int, length: int) -> None:
        self._value = value
        self._length = length

    @classmethod
    def of_unit(cls, unit: bytes) -> _Bits:
        payload = unit[_HEADER_BYTES:].replace(b"\0\0\3", b"\0\0")
        value = int.from_bytes(payload, "big")
        if not value:
            raise DamagedUnits
        zeros = (value & -value).bit_length() - 1
        return cls(value >> zeros, len(payload) * 8 - zeros)

    def replace(self, place: int, length: int, number: int, new_length: int) -> None:
        """Replace the bits from a place on by those of a number."""
        after = self._length - place - length
        head, tail = self._value >> (after + length), self._value & ((1 << after) - 1)
        self._value = (head << new_length | number) << after | tail
        self._length += new_length - length

    def replace_zero_code(self, place: int, number: int) -> None:
        """Replace the code of 0, which is one bit, by that of a number."""
        if self._length - place < 1 or not self._value >> (self._length - place - 1) & 1:
            raise DamagedUnits
        self.replace(place, 1, number + 1, _code_length(number))

    def as_payload(self) -> bytes:
        padding = -self._length % 8
        data = (self._value << padding).to_bytes((self._length + padding) // 8, "big")
        return _UNPROTECTED.sub(b"\0\0\3", data)
