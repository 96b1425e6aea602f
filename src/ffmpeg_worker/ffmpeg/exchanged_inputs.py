"""Arguments of FFmpeg whose files are read through tickets, and its log with their own names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ffmpeg_worker.command.file_arguments import read_arguments, reads_to_the_end
from ffmpeg_worker.command.movie_filters import exchange_movies
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.process.waiting_file import WaitingFile, WaitingReader
from ffmpeg_worker.sandbox.ticket import BLOCK_BYTES, LONG_BLOCK_BYTES, open_arguments, open_options
from ffmpeg_worker.sandbox.waiting_reads import TICKETS

_INPUT = "-i"
_EXCHANGED = "fd:"
_PROTOCOLS = "-protocol_whitelist"
_DEFAULT_PROTOCOLS = "file,crypto,data"
_NUMBER = re.compile(r"\[in#(\d+)|^(?:\[\w+\] )?Input #(\d+)")
_NAME = re.compile(r"(?<![\w/])fd:(?=['. ]|$)")
_BY_LIST_OR_FILTER = re.compile(r"\[(?:in#\d+/)?concat @|\[(?:Parsed_)?a?movie[_@ ]")


@dataclass(frozen=True, slots=True)
class WaitingInputs:
    """The inputs of a command whose bytes are fetched while it reads them.

    Attributes:
        files: by their names in the working directory of the command. Their tickets are `tickets_for(files)`.
        lists: names of lists for the concat demuxer that contain tickets.
    """

    files: Mapping[str, WaitingFile] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()


def tickets_for(names: Iterable[str]) -> dict[str, int]:
    """The tickets of files."""
    return dict(zip(names, TICKETS, strict=False))


class ExchangedInputs:
    """The arguments of one run, with tickets instead of those files whose bytes are still to come.

    `-i NAME` becomes `-fd N -i fd:`, and `movie=NAME` becomes `movie=filename=fd\\\\::format_opts=fd=N`.
    """

    def __init__(self, arguments: Sequence[str], inputs: WaitingInputs) -> None:
        self.arguments: list[str] = []
        self.files: list[WaitingFile] = [_Noted(name, file, self._note) for name, file in inputs.files.items()]
        self._tickets = tickets_for(inputs.files)
        self._lists = inputs.lists
        self._names: dict[int, str] = {}
        self._opened = ""
        self._last = -1
        is_long = bool(inputs.files) and reads_to_the_end(arguments)
        self._block_bytes = LONG_BLOCK_BYTES if is_long else BLOCK_BYTES
        self._write(arguments)

    def _write(self, arguments: Sequence[str]) -> None:
        count = 0
        for one in read_arguments(arguments):
            name = one.text.removeprefix("file:")
            if one.is_input and name in self._tickets:
                self._names[count] = one.text
                self._set_protocols("fd")
                self.arguments[-1:] = open_arguments(self._tickets[name], self._block_bytes)
            elif one.is_input and name in self._lists:
                self._set_protocols(None)
                self.arguments.append(one.text)
            else:
                self.arguments.append(exchange_movies(one.text, self._open_options) if one.is_graph else one.text)
            count += self.arguments[-2:-1] == [_INPUT]

    def _set_protocols(self, protocols: str | None) -> None:
        """Allow an input, whose `-i` was written last, only these protocols; `None`: tickets beside others."""
        given = [index for index, argument in enumerate(self.arguments) if argument == _PROTOCOLS]
        if given and _INPUT not in self.arguments[given[-1] : -1]:  # an option of this input
            self.arguments[given[-1] + 1] = protocols or f"{self.arguments[given[-1] + 1]},fd"
        elif protocols is None:
            self.arguments[-1:-1] = [_PROTOCOLS, f"{_DEFAULT_PROTOCOLS},fd"]

    def _open_options(self, name: str) -> Mapping[str, str] | None:
        number = self._tickets.get(name.removeprefix("file:"))
        return None if number is None else open_options(number, self._block_bytes)

    def _note(self, name: str) -> None:
        self._opened = name

    def restore_names(self, line: str) -> str:
        """A line of the log as it would be without tickets; called with all lines in order."""
        if not self.files:
            return line
        found = _NUMBER.search(line)
        if found:
            self._last = int(found[1] or found[2])
        if _EXCHANGED not in line:
            return line
        name = self._names.get(self._last) or next(iter(self._names.values()), self._opened)
        if _BY_LIST_OR_FILTER.search(line):
            name = self._opened  # they open one file after the other, and do not say which
        return _NAME.sub(lambda _: name, line)


class _Noted:
    """A file that says when it is opened."""

    def __init__(self, name: str, file: WaitingFile, note: Callable[[str], None]) -> None:
        self._name = name
        self._file = file
        self._note = note

    @property
    def size(self) -> int:
        """See `WaitingFile`."""
        return self._file.size

    @property
    def problem(self) -> WorkerError | None:
        """See `WaitingFile`."""
        return self._file.problem

    def open_reader(self) -> WaitingReader:
        """See `WaitingFile`."""
        return self._file.open_reader()

    def open_descriptor(self) -> int:
        """See `WaitingFile`."""
        self._note(self._name)
        return self._file.open_descriptor()
