"""Reads measurements from FFmpeg's output while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

from ffmpeg_worker.measurements.measurement import Collector
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.table import COLLECTORS, AnyMeasurement
from ffmpeg_worker.measurements.values import Allowance

_MAX_INSTANCES = 100
_VALUES_OF_INSTANCE = 10
_LEVEL = "[info] "
_STDOUT_PRINTERS = frozenset({"metadata", "ametadata"})
# FFmpeg configures each graph once to find out what it needs, and again when it runs. What filters print when the
# first graph is freed comes before this line and is no measurement.
_START_OF_RUN = "[info] Stream mapping:"


class LogReader:
    """Passes the lines of a log to the collectors of the filter instances that printed them.

    The time is proportional to the length of the log, and the memory is bounded by `max_values`.
    """

    def __init__(self, filters: Sequence[MeasuringFilter], max_values: int) -> None:
        """`filters` are those of the command; in the log, those of different graphs may have the same name."""
        read = [one for one in filters if one.name in COLLECTORS and not one.prints_to_file]
        share = max_values // len(read) if read else 0
        self._expected = [one for one in read if not one.prints_to_stdout]
        self._by_instance: dict[str, MeasuringFilter] = {}
        for one in self._expected:
            self._by_instance.setdefault(one.instance, one)
        self._allowances = {one.instance: Allowance(share) for one in self._expected}
        self._collectors: dict[str, Collector] = {}
        printers = [one for one in read if one.prints_to_stdout and one.name in _STDOUT_PRINTERS]
        self._stdout = _make_stdout_collector(printers, share) if printers else None
        self._current: Collector | None = None
        self._has_started = False
        self.truncated = False
        """Whether a whole instance of a filter was left out."""

    def read_line(self, line: str) -> None:
        """Read a line of the log, with level tags and addresses."""
        if not line.startswith("["):
            if self._current is not None:  # a text of several lines has one prefix
                self._current.read(line)
            return
        prefix, _, rest = line[1:].partition("] ")
        self._current = self._collectors.get(prefix) or self._open(prefix)
        if self._current is not None:
            if rest.startswith(_LEVEL):
                self._current.read(rest[len(_LEVEL) :])
            elif rest != _LEVEL.rstrip():  # what a filter warns of is no measurement
                self._current = None
        elif not self._has_started and line == _START_OF_RUN:
            self._start()

    def read_stdout_line(self, line: str) -> None:
        """Read a line of standard output."""
        if self._stdout is not None:
            self._stdout.read(line)

    def results(self, command: int) -> tuple[AnyMeasurement, ...]:
        """The measurements of the command with this index, in the order of its filters."""
        found = [one for collector in self._all_collectors() for one in collector.results(command)]
        return tuple(cast("AnyMeasurement", one) for one in found)

    def _all_collectors(self) -> Iterator[Collector]:
        """The collectors of all filters; that of a filter that has printed nothing is empty."""
        missing = Counter(one.instance for one in self._expected)
        missing.subtract(collector.source.instance for collector in self._collectors.values())
        for source in self._by_instance.values():
            for collector in self._collectors.values():
                if collector.source is source:
                    yield collector
            for _ in range(missing[source.instance]):
                if self._take_instance(source.instance):
                    yield COLLECTORS[source.name](source, Allowance(0))
        if self._stdout is not None:
            yield self._stdout

    def _open(self, prefix: str) -> Collector | None:
        """Begin to collect from an instance that prints for the first time."""
        name, sign, _ = prefix.partition(" @ ")
        source = self._by_instance.get(name) if sign else None
        if source is None or len(self._collectors) >= _MAX_INSTANCES or not self._take_instance(name):
            self.truncated = self.truncated or source is not None
            return None
        self._collectors[prefix] = COLLECTORS[source.name](source, self._allowances[name])
        return self._collectors[prefix]

    def _take_instance(self, name: str) -> bool:
        return self._allowances[name].take(_VALUES_OF_INSTANCE)

    def _start(self) -> None:
        self._has_started = True
        for prefix, collector in list(self._collectors.items()):
            if not collector.source.is_input:
                del self._collectors[prefix]
                collector.allowance.give_back(_VALUES_OF_INSTANCE)


def _make_stdout_collector(printers: Sequence[MeasuringFilter], share: int) -> Collector:
    """The collector of standard output, which has no prefixes: several filters can't be told apart."""
    source = printers[0] if len(printers) == 1 else MeasuringFilter("metadata", "", prints_to_stdout=True)
    return COLLECTORS[source.name](source, Allowance(share * len(printers)))
