"""Passes what the commands of a lane log on to the job's sink, while they run."""

from __future__ import annotations

import asyncio
import logging
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial

from ffmpeg_worker.budgets import LOG_CHUNK_BYTES
from ffmpeg_worker.command.invocation import redact
from ffmpeg_worker.ffmpeg.log_tail import MAX_LINE_CHARS, strip_log_tags
from ffmpeg_worker.job.command_log import LogChunk, LogSink, ignore_log
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.logs import log
from ffmpeg_worker.measurements.kept_text import KeptText
from ffmpeg_worker.planning.option_policy.command_limits import remove_input_limits
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep

OnLine = Callable[[str], None]
_Reword = Callable[[str], str]

_STAGED = re.compile(rf"(?<![\w/]){STAGING_FOLDER}/")
_PAUSE_S = 0.5
_MAX_COMMAND_CHARS = 8192
_MAX_SECRET_CHARS = 16384
"""Secrets in a command line are removed before it is cut, if they are not longer."""
_PROGRESS_BEGINNINGS = ("[info] frame=", "[info] size=")


class LaneLog:
    """The log of the commands of one lane, or of several lanes whose outputs one run makes."""

    def __init__(self, sink: LogSink, lanes: Sequence[tuple[int, Lane]]) -> None:
        """`lanes` are the numbers of the lanes and what was planned for them."""
        self._sink = sink
        self._lanes = lanes

    @contextmanager
    def open_run(self, step: FfmpegStep, reword: _Reword) -> Iterator[OnLine | None]:
        """Yield what takes the lines of a run as FFmpeg writes them; `None` if nobody wants them.

        `reword` puts the caller's names in the place of staged ones, and removes secrets.
        """
        if self._sink is ignore_log:
            yield None
            return
        reword = partial(_reword_all, reword)
        run = _RunLog(partial(self._send_to_all, step.command), reword)
        for number, lane in self._lanes:
            self._send(LogChunk(number, step.command, f"$ {show_command(lane, step, reword)}\n"))
        try:
            yield run.add
        finally:
            run.flush()

    def _send(self, chunk: LogChunk) -> None:
        try:
            self._sink(chunk)
        except Exception:  # a log must not fail its job
            log(logging.WARNING, "log not taken", exc_info=True)

    def _send_to_all(self, command: int, text: str) -> None:
        for number, _ in self._lanes:
            self._send(LogChunk(number, command, text))


class _RunLog:
    """Collects the lines of one run, and sends them at most every half second."""

    def __init__(self, send: Callable[[str], None], reword: _Reword) -> None:
        self._send = send
        self._reword = reword
        self._lines = KeptText(LOG_CHUNK_BYTES)
        self._timer: asyncio.TimerHandle | None = None
        self._context = copy_context()  # lines come from the reader of a pipe, which knows no job

    def add(self, line: str) -> None:
        if line.startswith(_PROGRESS_BEGINNINGS) and "time=" in line:
            return
        self._lines.add(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE_S, self.flush, context=self._context)

    def flush(self) -> None:
        """Send what was collected."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, KeptText(LOG_CHUNK_BYTES)
        text = "".join(self._word(lines.lines()))
        if text:
            self._send(text)

    def _word(self, lines: Iterator[str]) -> Iterator[str]:
        """Yield texts as the caller may see them; those of cut lines alone: a cut secret is found at an end."""
        whole: list[str] = []
        for line in lines:
            if len(line) < MAX_LINE_CHARS:
                whole.append(line)
                continue
            yield self._word_piece(whole)
            yield self._word_piece([f"{line}…"])
            whole = []
        yield self._word_piece(whole)

    def _word_piece(self, lines: Sequence[str]) -> str:
        plain = self._reword(redact(strip_log_tags("\n".join(lines)))).strip("\n")
        return f"{plain}\n" if plain else ""


def _reword_all(reword: _Reword, text: str) -> str:
    """Reword a text; staged files that only a command of the worker names have no other name than their own."""
    return _STAGED.sub("", reword(text))


def show_command(lane: Lane, step: FfmpegStep, reword: _Reword) -> str:
    """Show a command as the caller has written it; one that the worker has made, without the limits of inputs."""
    if lane.chain is not None and step.command < len(lane.chain.commands):
        tokens = lane.chain.commands[step.command].line.tokens()
    else:
        tokens = tuple(remove_input_limits(step.invocation.arguments))
    text = shlex.join(["ffmpeg", *tokens])
    shown = reword(redact(text[: _MAX_COMMAND_CHARS + _MAX_SECRET_CHARS])).replace("\n", "\\n")
    return shown if len(shown) <= _MAX_COMMAND_CHARS else shown[: _MAX_COMMAND_CHARS - 1] + "…"
