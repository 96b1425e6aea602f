"""Watches the event loop: how long each of its turns takes, and what the slow ones are doing."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import re
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from selectors import BaseSelector
from typing import Any, cast

from ffmpeg_worker.logs import log

SLOW_S = 0.1
"""A turn of the event loop that takes longer is logged."""
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Upper limits of the histogram of turns."""
_LOG_PAUSE_S = 10.0
_CALL = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
_MAX_FRAMES = 16


class LoopMonitor:
    """Times the turns of one event loop, between two calls of its selector; `/metrics` shows the histogram.

    A thread looks at the loop 20 times a second. When a turn becomes slow, it takes the stack of the loop, and
    logs it with the time that the turn has taken so far, also if the turn never ends. A call that keeps the
    interpreter's lock delays the thread too; the stack then shows the function that made the call.
    """

    def __init__(self, *, slow_s: float = SLOW_S, log_pause_s: float = _LOG_PAUSE_S) -> None:
        """`log_pause_s`: seconds without further log lines after one."""
        self.counts = [0] * (len(BUCKETS_S) + 1)
        """Turns by bucket; the last one counts those beyond the last limit."""
        self.total_s = 0.0
        """Seconds of all turns together."""
        self._slow_s = slow_s
        self._log_pause_s = log_pause_s
        self._began: float | None = None
        self._seen: tuple[float, list[str]] = (0.0, [])
        self._logged_turn: float | None = None
        self._logged_at = -log_pause_s
        self._unlogged = 0
        self._lock = threading.Lock()

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Watch the running event loop while the block runs."""
        selector = _selector_of(asyncio.get_running_loop())
        original = selector.select
        stop = threading.Event()
        watching = threading.Thread(
            target=self._watch_thread, args=(threading.get_ident(), stop), name="loop-monitor", daemon=True
        )
        cast(Any, selector).select = self._timed(original)
        watching.start()
        try:
            yield
        finally:
            cast(Any, selector).select = original
            stop.set()
            watching.join()

    def _timed(self, select: Callable[..., Any]) -> Callable[..., Any]:
        clock, counts, shortest_s = time.perf_counter, self.counts, BUCKETS_S[0]

        def timed_select(timeout: float | None = None) -> Any:
            began = self._began
            if began is not None:
                seconds = clock() - began
                if seconds <= shortest_s:  # nearly every turn
                    counts[0] += 1
                    self.total_s += seconds
                else:
                    self._count(began, seconds)
                self._began = None
            ready = select(timeout)
            self._began = clock()
            return ready

        return timed_select

    def _count(self, began: float, seconds: float) -> None:
        self.total_s += seconds
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        if seconds > self._slow_s:
            self._report(began, seconds)

    def _watch_thread(self, thread: int, stop: threading.Event) -> None:
        # Every slow turn lasts for at least one look after half of the time.
        while not stop.wait(self._slow_s / 2):
            began = self._began
            if began is None or (seconds := time.perf_counter() - began) < self._slow_s / 2:
                continue
            if began != self._logged_turn:
                self._seen = (began, _read_stack(thread))
            if seconds > self._slow_s:
                self._report(began, seconds)

    def _report(self, began: float, seconds: float) -> None:
        """Log a slow turn once, unless another one was logged shortly before."""
        with self._lock:
            if began == self._logged_turn:
                return
            self._logged_turn = began
            if time.perf_counter() - self._logged_at < self._log_pause_s:
                self._unlogged += 1
                return
            self._logged_at = time.perf_counter()
            unlogged, self._unlogged = self._unlogged, 0
        seen, stack = self._seen
        stack = stack if seen == began else []
        log(logging.WARNING, "event loop was held up", seconds=round(seconds, 3), stack=stack, unlogged=unlogged)


def _selector_of(loop: asyncio.AbstractEventLoop) -> BaseSelector:
    # asyncio has no public way to it; a loop could only be given a selector by whoever makes the loop.
    return cast(BaseSelector, cast(Any, loop)._selector)  # noqa: SLF001


def _read_stack(thread: int) -> list[str]:
    """Name the innermost calls of a thread, innermost last; without values, which may be secret.

    faulthandler reads the stack in C. Python's own way makes objects of the frames of a running thread, which is
    not safe in every version of Python.
    """
    try:
        with tempfile.TemporaryFile() as file:
            faulthandler.dump_traceback(file, all_threads=True)
            file.seek(0)
            text = file.read().decode(errors="replace")
    except OSError:  # the disk is full, or there is no descriptor left
        return []
    own = text.partition(f"hread 0x{thread:016x} ")[2].partition("hread 0x")[0]
    calls = [f"{found[1]}:{found[2]} {found[3]}" for found in _CALL.finditer(own)]
    return calls[:_MAX_FRAMES][::-1]
