"""Parts of growing files: which are ready, and how a complete file is divided."""

from __future__ import annotations

import pytest

from ffmpeg_worker.storage.part_plan import MAX_PARTS, MIN_PART_BYTES, PartPlan

PLAN = PartPlan(10)


@pytest.mark.parametrize(
    ("size", "ready"),
    [(0, []), (29, []), (30, [1, 2]), (39, [1, 2]), (40, [1, 2, 3])],
)
def test_the_first_part_waits_and_the_others_are_complete(size: int, ready: list[int]) -> None:
    assert PLAN.ready(size, ()) == ready


def test_a_part_is_taken_once() -> None:
    assert PLAN.ready(52, {1, 3}) == [2, 4]


@pytest.mark.parametrize(("size", "lengths"), [(1, [1]), (10, [10]), (11, [10, 1]), (30, [10, 10, 10])])
def test_only_the_last_part_is_smaller(size: int, lengths: list[int]) -> None:
    assert [PLAN.length(number, size) for number in range(PLAN.count(size))] == lengths


def test_a_file_that_became_shorter_has_fewer_parts() -> None:
    assert PLAN.count(20) == 2
    assert PLAN.length(3, 20) <= 0


@pytest.mark.parametrize("max_bytes", [1, 1 << 30, 100 << 30, 5 << 40])
def test_parts_are_large_enough_for_the_largest_file(max_bytes: int) -> None:
    plan = PartPlan.for_files_up_to(max_bytes)
    assert plan.part_bytes >= MIN_PART_BYTES
    assert plan.fits(max_bytes)
    assert not plan.fits(plan.part_bytes * MAX_PARTS + 1)
