"""Numbers of the parameter sets of HEVC, and slices that refer to them; the sets are those that x265 writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ffmpeg_worker.bitstreams.hevc import ParameterIds, change_ids, change_slice, find_free_ids, read_id
from ffmpeg_worker.bitstreams.nal_units import DamagedUnits
from ffmpeg_worker.bitstreams.stream_parameters import StreamParameters

_VPS = bytes.fromhex("40010c01ffff01600000030090000003000003001e959409")
_SPS = bytes.fromhex("42010101600000030090000003000003001ea0142061f26595952930bc05a02000000300200000030321")
_PPS = bytes.fromhex("4401c073c189")
_SETS = StreamParameters("hevc", (_VPS, _SPS, _PPS))
_IDS = ParameterIds(vps=1, sps=1, pps=16)


def test_parameter_sets_get_numbers_that_are_free() -> None:
    assert [read_id(unit) for unit in _SETS.units] == [0, 0, 0]
    ids = find_free_ids(_SETS.units)
    changed = replace(_SETS, units=tuple(change_ids(unit, ids) for unit in _SETS.units))
    assert [read_id(unit) for unit in changed.units] == [ids.vps, ids.sps, ids.pps] == [1, 1, 16]
    assert not _SETS.conflicts_with(changed)
    again = find_free_ids((*_SETS.units, *changed.units))
    assert (again.vps, again.sps, again.pps) == (2, 2, 17)


def test_only_the_numbers_of_a_parameter_set_change() -> None:
    changed = change_ids(_VPS, _IDS)
    assert (changed[0], changed[1], changed[2] & 0x0F, changed[3:]) == (*_VPS[:2], _VPS[2] & 0x0F, _VPS[3:])
    # The number of 1 has two bits more than that of 0, so that the rest is found two bits later.
    plain, moved = (_plain(unit) for unit in (_SPS, change_ids(_SPS, _IDS)))
    place = 16 + 4 + 3 + 1 + 96
    assert (moved[place : place + 3], moved[place + 3 :].rstrip("0")) == ("010", plain[place + 1 :].rstrip("0"))


def _plain(unit: bytes) -> str:
    data = unit.replace(b"\0\0\3", b"\0\0")
    return f"{int.from_bytes(data, 'big'):0{len(data) * 8}b}"


@pytest.mark.parametrize("kind", [1, 19, 21])
def test_a_slice_names_another_set_and_keeps_its_other_bits(kind: int) -> None:
    flags = "11" if kind >= 16 else "1"
    rest = "0" * (7 - len(flags))
    unit = bytes([kind << 1, 1, int(flags + "1" + rest, 2), 0, 0, 3, 1, 0xAF])
    changed = change_slice(unit, _IDS)
    assert changed[:2] == unit[:2]
    assert changed[4:] == unit[3:]
    assert f"{int.from_bytes(changed[2:4], 'big'):016b}" == flags + "000010001" + rest
    # No byte became 0, so that no emulation prevention byte is missing.
    assert 0 not in changed[2:4]


def test_other_units_stay_and_slices_of_other_sets_are_refused() -> None:
    sei = bytes([39 << 1, 1, 5])
    assert change_slice(sei, _IDS) == sei
    for damaged in (bytes([1 << 1, 1]), bytes([1 << 1, 1, 0b1010_0000])):
        with pytest.raises(DamagedUnits):
            change_slice(damaged, _IDS)


def test_zeros_are_protected_again() -> None:
    unit = bytes([34 << 1, 1, 0b1100_0000, 0, 0, 3, 1, 0x80])
    changed = change_ids(unit, ParameterIds(0, 0, 16))
    assert b"\0\0\1" not in changed
    assert changed[2:].replace(b"\0\0\3", b"\0\0") == bytes([0b0000_1000, 0b1100_0000, 0, 0, 1, 0x80])


@pytest.mark.parametrize("length", range(2, 12))
def test_cut_sets_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"cut off|^$"):
        read_id(_SPS[:length])
