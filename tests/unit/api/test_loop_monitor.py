"""Slow turns of the event loop are counted, and logged with what they were doing."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import Any

import pytest

from ffmpeg_worker.api import loop_monitor as module
from ffmpeg_worker.api.loop_monitor import BUCKETS_S, LoopMonitor

SLOW_S = 0.03


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The fields of the log lines."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(module, "log", lambda level, _event, **fields: found.append({"level": level, **fields}))
    return found


def hold_up(seconds: float) -> None:
    """Keep the loop busy with Python code."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


async def test_a_slow_turn_is_logged_with_its_stack(lines: list[dict[str, Any]]) -> None:
    monitor = LoopMonitor(slow_s=SLOW_S)
    with monitor.watch():
        await asyncio.sleep(0)
        hold_up(5 * SLOW_S)
        await asyncio.sleep(0)
    [line] = lines
    assert line["level"] == logging.WARNING
    assert line["seconds"] >= SLOW_S
    assert line["unlogged"] == 0
    assert "hold_up" in line["stack"][-1]
    assert "test_loop_monitor.py" in line["stack"][-1]


async def test_a_turn_that_does_not_end_is_logged_too(lines: list[dict[str, Any]]) -> None:
    monitor = LoopMonitor(slow_s=SLOW_S)
    with monitor.watch():
        await asyncio.sleep(0)
        deadline = time.perf_counter() + 10
        while not lines:
            assert time.perf_counter() < deadline
    assert lines[0]["stack"]


async def test_a_turn_that_the_thread_missed_is_logged_without_stack(lines: list[dict[str, Any]]) -> None:
    monitor = LoopMonitor(slow_s=SLOW_S)
    monitor._count(1.0, SLOW_S * 2)
    [line] = lines
    assert (line["seconds"], line["stack"]) == (SLOW_S * 2, [])


async def test_further_slow_turns_are_counted_until_the_next_line(lines: list[dict[str, Any]]) -> None:
    monitor = LoopMonitor(slow_s=SLOW_S, log_pause_s=1000)
    for began in (1.0, 2.0, 3.0):
        monitor._count(began, 1.0)
    assert len(lines) == 1
    monitor._logged_at = -1000.0
    monitor._count(4.0, 1.0)
    assert lines[1]["unlogged"] == 2


async def test_quick_turns_are_counted_and_not_logged(lines: list[dict[str, Any]]) -> None:
    monitor = LoopMonitor(slow_s=10.0)
    with monitor.watch():
        for _ in range(50):
            await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.02)
    assert lines == []
    assert sum(monitor.counts) >= 50
    assert 0 < monitor.total_s < 10


async def test_waiting_is_no_turn(lines: list[dict[str, Any]]) -> None:
    monitor = LoopMonitor(slow_s=SLOW_S)
    with monitor.watch():
        await asyncio.sleep(4 * SLOW_S)
        assert monitor.total_s < 4 * SLOW_S


async def test_it_ends_with_its_thread_and_leaves_the_loop_as_it_was() -> None:
    before, selector = threading.active_count(), module._selector_of(asyncio.get_running_loop())
    select = selector.select
    with LoopMonitor().watch():
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    assert selector.select == select


@pytest.mark.parametrize(("seconds", "bucket"), [(0.001, 0), (0.005, 0), (0.006, 1), (99.0, len(BUCKETS_S))])
def test_buckets(lines: list[dict[str, Any]], seconds: float, bucket: int) -> None:
    monitor = LoopMonitor(slow_s=1000.0)
    monitor._count(0.0, seconds)
    assert [index for index, count in enumerate(monitor.counts) if count] == [bucket]
    assert monitor.total_s == seconds
