"""Ends a program at a signal or with the program that started it; its log survives a terminal that is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator

from ffmpeg_worker.errors import Misconfigured

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on SIGTERM and SIGINT; only the main thread can handle signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def stop_on_end_of(lifeline: int | None, stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` when the other end of a pipe is closed; `lifeline` is the descriptor of its read end.

    Raises:
        Misconfigured: the descriptor cannot be watched.
    """
    if lifeline is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def on_readable() -> None:
        if not os.read(lifeline, 4096):
            loop.remove_reader(lifeline)
            stop.set()

    try:
        loop.add_reader(lifeline, on_readable)
    except OSError as error:
        raise Misconfigured(
            f"The lifeline, descriptor {lifeline}, cannot be watched: {os.strerror(error.errno or 0)}.",
            hint="Pass the read end of a pipe.",
        ) from None
    try:
        yield
    finally:
        loop.remove_reader(lifeline)


@contextlib.contextmanager
def share_log() -> Iterator[None]:
    """Write the log lines of uvicorn and asyncio to this package's log."""
    ours = logging.getLogger("ffmpeg_worker").handlers
    others = [logging.getLogger(name) for name in ("uvicorn.error", "asyncio")]
    before = [(other, other.handlers, other.propagate) for other in others]
    for other in others:
        if ours:
            other.handlers, other.propagate = ours, False
    try:
        yield
    finally:
        for other, handlers, propagate in before:
            other.handlers, other.propagate = handlers, propagate
