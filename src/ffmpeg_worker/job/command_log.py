"""The log of a job's commands while they run, and the bounded text that is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ffmpeg_worker.budgets import KEPT_JOB_LOG_BYTES
from ffmpeg_worker.measurements.kept_text import KeptText

_KEPT_OF_LARGEST = 0.75


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Lines that a command has logged.

    Attributes:
        lane: number of the process of `multi_process`; 0 for other jobs.
        command: number of the command in its chain.
        text: whole lines, each with its line end, without secrets, and with the caller's names of files. The first
            one of a run is the command line, after `$ `.
    """

    lane: int
    command: int
    text: str


LogSink = Callable[[LogChunk], None]
"""Called on the event loop with each chunk, at most twice a second for a running command; must return at once."""


def ignore_log(_chunk: LogChunk) -> None:
    """Do nothing; with this sink of a job, nothing is collected."""


class JobLog:
    """The log of a whole job in bounded memory; its `add` is a `LogSink`.

    If it gets longer than `max_bytes`, the command that has logged most loses lines in its middle, so a talkative
    command takes nothing from the others.
    """

    def __init__(self, max_bytes: int = KEPT_JOB_LOG_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: dict[tuple[int, int], KeptText] = {}

    @property
    def truncated(self) -> bool:
        """Whether lines were left out."""
        return any(kept.truncated for kept in self._kept.values())

    def add(self, chunk: LogChunk) -> None:
        """Add the lines of a chunk."""
        kept = self._kept.setdefault((chunk.lane, chunk.command), KeptText(self._max_bytes))
        for line in chunk.text.removesuffix("\n").split("\n"):
            kept.add(line)
        while sum(one.size for one in self._kept.values()) > self._max_bytes:
            largest = max(self._kept.values(), key=lambda one: one.size)
            largest.shrink(int(largest.size * _KEPT_OF_LARGEST))

    def text(self) -> str:
        """Return the log: the commands in order, each with its beginning and end, and a blank line between them.

        Where there are several processes, the lines of each begin after `# process N`.
        """
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        lane = 0 if all(lane == 0 for lane, _ in self._kept) else None
        for number, (key, kept) in enumerate(sorted(self._kept.items())):
            if number:
                yield ""
            if key[0] != lane:
                lane = key[0]
                yield f"# process {lane}"
            yield from kept.lines()
