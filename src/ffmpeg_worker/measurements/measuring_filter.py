"""A filter of a command that prints what it measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MeasuringFilter:
    """One measuring filter of a command.

    Attributes:
        name: name of the filter.
        instance: its name in FFmpeg's log, without the address.
        is_input: whether it is in the graph of an input (`-f lavfi -i …`), which runs from the start.
        selects_scenes: whether the graph selects frames by their `scene` score before it.
        prints_to_stdout: whether it prints to standard output instead of the log.
        prints_to_file: whether it prints to a file instead of the log.
    """

    name: str
    instance: str
    is_input: bool = False
    selects_scenes: bool = False
    prints_to_stdout: bool = False
    prints_to_file: bool = False
