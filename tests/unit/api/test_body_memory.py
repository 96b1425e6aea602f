"""Memory for request bodies that arrive, and how API keys share it."""

from __future__ import annotations

import pytest

from ffmpeg_worker.api.body_memory import BODIES_BYTES, BodyMemory
from ffmpeg_worker.errors import KeyLimitReached, QueueFull

MIB = 1 << 20


def test_all_bodies_together_are_limited() -> None:
    memory = BodyMemory(MIB)
    with memory.receiving("a") as count:
        count(BODIES_BYTES)
        with memory.receiving("b") as other, pytest.raises(QueueFull):
            other(1)
    assert memory.by_owner == {}
    with memory.receiving("b") as count:
        count(BODIES_BYTES)


def test_one_of_several_keys_leaves_as_much_free_as_it_takes() -> None:
    memory = BodyMemory(MIB, has_several_keys=True)
    with memory.receiving("a") as first, memory.receiving("a") as second, memory.receiving("b") as other:
        first(BODIES_BYTES // 4)
        second(BODIES_BYTES // 4)
        with pytest.raises(KeyLimitReached) as caught:
            second(1)
        assert caught.value.code == "key_requests_full"
        other(BODIES_BYTES // 4)
        assert memory.by_owner == {"a": BODIES_BYTES // 2, "b": BODIES_BYTES // 4}


def test_a_few_of_the_largest_bodies_always_fit() -> None:
    memory = BodyMemory(BODIES_BYTES)
    with memory.receiving("a") as count:
        for _ in range(8):
            count(BODIES_BYTES)
        with pytest.raises(QueueFull):
            count(1)
