"""What is requested ahead of a reader."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ffmpeg_worker.storage.ranged.link_meter import Link
from ffmpeg_worker.storage.ranged.read_ahead import (
    MAX_AHEAD_BYTES,
    MAX_BLOCK_BYTES,
    MIN_BLOCK_BYTES,
    ReadAhead,
    Wanted,
    block_size,
    window_size,
)

KIB, MIB = 1 << 10, 1 << 20
SIZE = 1 << 40
NEAR = Link()
FAR = Link(0.05, 100e6)
READ = 32 * KIB


def read_on(
    ahead: ReadAhead, start: int, end: int, link: Link = NEAR, *, has_arrived: bool = True
) -> list[Wanted]:
    """Read a range in small reads; returns what was wanted."""
    asked = [
        ahead.advance(at, min(at + READ, end), link, has_arrived=has_arrived) for at in range(start, end, READ)
    ]
    return [wanted for wanted in asked if wanted is not None]


def requests_of(asked: list[Wanted]) -> list[tuple[int, int]]:
    """The requests that bring what is wanted, if it is only requested once."""
    sent: list[tuple[int, int]] = []
    for wanted in asked:
        begin = max([wanted.start, *(end for _, end in sent if end > wanted.start)])
        if begin < wanted.horizon:
            piece = wanted.piece or SIZE
            sent += [(at, min(at + piece, wanted.extent)) for at in range(begin, wanted.extent, piece)]
    return sent


def test_a_jump_asks_for_one_block() -> None:
    ahead = ReadAhead(SIZE)
    wanted = ahead.advance(100 * MIB, 100 * MIB + READ, NEAR)
    goal = 100 * MIB + MIN_BLOCK_BYTES
    assert wanted == Wanted(100 * MIB, goal, goal, goal)
    assert ahead.advance(100 * MIB, 100 * MIB + READ, NEAR) is None  # the same read again


def test_a_large_read_asks_for_all_of_itself() -> None:
    assert ReadAhead(SIZE).advance(5, 4 * MIB, NEAR) == Wanted(0, 4 * MIB, 4 * MIB, 4 * MIB)


def test_reading_on_takes_few_requests() -> None:
    asked = read_on(ReadAhead(SIZE), 0, 400 * MIB)
    assert all(before.goal < after.goal for before, after in pairwise(asked))
    sent = requests_of(asked)
    assert all(before[1] == after[0] for before, after in pairwise(sent))
    assert sent[0] == (0, MIN_BLOCK_BYTES)
    assert len(sent) < 90
    assert len(asked) < 600


def test_a_long_reader_gets_pieces_side_by_side() -> None:
    wanted = read_on(ReadAhead(SIZE), 0, 400 * MIB)[-1]
    assert wanted.piece == MAX_AHEAD_BYTES // 3 + MAX_AHEAD_BYTES // 6
    assert wanted.goal - 400 * MIB > MAX_AHEAD_BYTES * 3 // 4
    assert read_on(ReadAhead(SIZE), 0, 10 * MIB)[-1].piece is None


def test_a_reader_that_waits_for_the_source_gets_long_requests() -> None:
    waiting, fed = (
        requests_of(read_on(ReadAhead(SIZE), 0, 30 * MIB, NEAR, has_arrived=has_arrived))
        for has_arrived in (False, True)
    )
    assert 2 * len(waiting) <= len(fed)
    assert max(end - start for start, end in waiting) > 8 * MIB
    assert max(end - start for start, end in fed) < 4 * MIB


@pytest.mark.parametrize(
    "link", [Link(0.05, 200e6), Link(0.05, 50e6, shared_rate=60e6)], ids=["a fast connection", "others bring less"]
)
def test_several_connections_are_used_only_where_they_are_faster(link: Link) -> None:
    asked = read_on(ReadAhead(SIZE), 0, 400 * MIB, link, has_arrived=False)
    assert {wanted.piece for wanted in asked} == {None}
    slow = Link(0.05, 50e6, shared_rate=150e6)
    assert read_on(ReadAhead(SIZE), 0, 400 * MIB, slow, has_arrived=False)[-1].piece is not None


def test_the_next_request_is_sent_before_the_last_one_ends() -> None:
    fast = Link(0.05, 300e6)
    wanted = read_on(ReadAhead(SIZE), 0, 400 * MIB, fast, has_arrived=False)[-1]
    assert wanted.horizon - wanted.goal >= fast.latency_s * fast.rate
    assert wanted.extent - wanted.horizon >= 64 * MIB


def test_a_reader_that_stops_has_little_ahead_of_it() -> None:
    for link in (NEAR, FAR):
        for size in (1 * MIB, 10 * MIB, 30 * MIB, 400 * MIB):
            asked = read_on(ReadAhead(SIZE), 0, size, link)
            assert size < asked[-1].goal <= size + max(2 * MIB, size // 4, block_size(link.latency_s)), size
    assert window_size(1 << 60, 0) == MAX_AHEAD_BYTES


def test_far_servers_get_larger_blocks_and_earlier_requests() -> None:
    assert block_size(0) < block_size(0.05) <= MAX_BLOCK_BYTES
    near, far = (read_on(ReadAhead(SIZE), 0, 8 * MIB, link, has_arrived=False)[-1] for link in (NEAR, FAR))
    assert near.horizon == near.goal
    assert far.horizon >= far.goal + FAR.latency_s * FAR.rate


def test_a_short_reader_that_does_not_wait_gets_short_requests_that_are_not_early() -> None:
    for link in (NEAR, FAR):
        for size in (1 * MIB, 2 * MIB, 8 * MIB):
            last = read_on(ReadAhead(SIZE), 0, size, link)[-1]
            assert last.horizon == last.goal
            assert last.extent - last.goal <= max(size // 8, MIN_BLOCK_BYTES)


def test_an_index_at_the_end_does_not_end_the_stream() -> None:
    ahead = ReadAhead(SIZE)
    read_on(ahead, 0, 8 * MIB)
    wanted = ahead.advance(SIZE - 100, SIZE, NEAR)
    assert wanted is not None
    assert SIZE - 32 * KIB < wanted.start <= SIZE - 100 < wanted.goal == SIZE
    assert read_on(ahead, 8 * MIB, 9 * MIB)[-1].goal >= 9 * MIB + MIB * 3 // 4


def test_two_places_that_alternate_are_two_streams() -> None:
    ahead = ReadAhead(SIZE)
    asked = []
    for step in range(0, 16 * MIB, READ):
        asked += read_on(ahead, step, step + READ)
        asked += read_on(ahead, 500 * MIB + step, 500 * MIB + step + READ)
    assert len([wanted for wanted in asked if wanted.extent == wanted.goal]) == 2
    assert {wanted.goal > 400 * MIB for wanted in asked} == {True, False}


def test_small_skips_are_reading_on() -> None:
    ahead = ReadAhead(SIZE)
    asked = [ahead.advance(at, at + READ, NEAR) for at in range(0, 8 * MIB, 128 * KIB)]
    assert len([wanted for wanted in asked if wanted and wanted.extent == wanted.goal]) == 1


def test_nothing_is_asked_for_beyond_the_limit_before_it_is_read() -> None:
    ahead = ReadAhead(SIZE, 10 * MIB)
    last = read_on(ahead, 0, 10 * MIB)[-1]
    assert (last.goal, last.extent, last.horizon) == (10 * MIB, 10 * MIB, 10 * MIB)
    wanted = ahead.advance(10 * MIB, 10 * MIB + READ, NEAR)
    assert wanted is not None
    assert wanted.goal > 10 * MIB


def test_the_end_of_the_source_is_the_end() -> None:
    ahead = ReadAhead(3 * MIB + 5)
    last = read_on(ahead, 0, 3 * MIB + 5)[-1]
    assert last.goal == last.extent == 3 * MIB + 5
    assert ahead.advance(3 * MIB, 3 * MIB + 5, NEAR) is None
