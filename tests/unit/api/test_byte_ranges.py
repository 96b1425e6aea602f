"""The `Range` header: what it selects, compared with a reading of the standard that expands every byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.api.byte_ranges import RangeNotSatisfiable, select_bytes

NUMBER = st.integers(0, 30)
SPEC = st.one_of(
    st.tuples(NUMBER, NUMBER).map(lambda pair: f"{min(pair)}-{max(pair)}"),
    NUMBER.map(lambda first: f"{first}-"),
    NUMBER.map(lambda count: f"-{count}"),
)


def bytes_of(spec: str, size: int) -> set[int]:
    first, _, last = spec.partition("-")
    if not first:
        return set(range(size)[-int(last) :]) if int(last) else set()
    return {at for at in range(size) if int(first) <= at <= (int(last) if last else size)}


@given(st.lists(SPEC, min_size=1, max_size=4), st.integers(1, 20))
def test_a_well_formed_header_selects_exactly_its_bytes(specs: list[str], size: int) -> None:
    wanted = set().union(*(bytes_of(spec, size) for spec in specs))
    header = f"bytes={' , '.join(specs)}"
    if not wanted:
        with pytest.raises(RangeNotSatisfiable):
            select_bytes(header, size)
        return
    has_no_gap = wanted == set(range(min(wanted), max(wanted) + 1))
    expected = range(min(wanted), max(wanted) + 1) if has_no_gap else None
    assert select_bytes(header, size) == expected


@given(st.text(alphabet="bytes=0123456789-, \t;x²", max_size=30), st.integers(0, 20))
def test_any_other_header_selects_everything_or_an_existing_part(header: str, size: int) -> None:
    try:
        part = select_bytes(header, size)
    except RangeNotSatisfiable:
        return
    assert part is None or 0 <= part.start < part.stop <= size


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("items=0-1", None),
        ("bytes=1", None),
        ("bytes=-", None),
        ("bytes=5-1", None),
        ("bytes=0-1,5-1", None),
        ("bytes=1-2-3", None),
        ("bytes=+1-2", None),
        ("bytes=²-3", None),
        ("bytes=0x1-3", None),
        ("Bytes=0-0", range(1)),
        ("bytes=,0-1,,2-3,", range(4)),
        ("bytes=00-01", range(2)),
        (f"bytes=1-{'9' * 5000}", range(1, 10)),
        (f"bytes=-{'9' * 5000}", range(10)),
        (f"bytes={','.join(['0-1'] * 101)}", None),
    ],
)
def test_headers_that_clients_send(header: str | None, part: range | None) -> None:
    assert select_bytes(header, 10) == part


def test_an_empty_file() -> None:
    assert select_bytes("bytes=-5", 0) is None
    for header in ("bytes=0-", "bytes=-0", f"bytes={'9' * 30}-"):
        with pytest.raises(RangeNotSatisfiable):
            select_bytes(header, 0)
