"""A preset: its name, inputs and parameters, and the function that makes its commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.measurements.table import AnyMeasurement
from ffmpeg_worker.planning.placed_files import TextFile
from ffmpeg_worker.planning.presets.preset_input import PresetInput

Command = tuple[str, ...]


class InputKind(StrEnum):
    """The kind of media that an input must have."""

    VIDEO = "video"
    AUDIO = "audio"
    MEDIA = "video or audio"
    FILE = "file"
    """A file that is no media: subtitles, fonts."""
    ANY = "any"
    """Any file; what it must be is known to the operator who wrote the preset."""


@dataclass(frozen=True, slots=True)
class InputSlot:
    """Inputs of a preset: `at_least` to `at_most` of them, all of one kind."""

    name: str
    kind: InputKind
    meaning: str
    at_least: int = 1
    at_most: int = 1


class PresetParameters(FrozenModel):
    """Base of the parameters of a preset. Each field has a description with its unit, and an example."""


@dataclass(frozen=True, slots=True)
class MeasuredArgument:
    """An argument that depends on what the commands before it have measured.

    `command` is the number of the command whose argument `written` is replaced by `choose(measurements)`.
    """

    command: int
    written: str
    choose: Callable[[Sequence[AnyMeasurement]], str]


@dataclass(frozen=True, slots=True)
class PresetChain:
    """The commands and outputs of a preset for the inputs of one job.

    Attributes:
        commands: arguments, with inputs as `{{name}}`.
        outputs: names of the results; their number and order do not depend on the inputs.
        texts: results that the plan itself writes.
        measured: arguments that later commands take from measurements.
        warnings: sentences for the caller.
        smart_cut: whether frames of the part are copied; see `smart_cut` of `process`.
        fonts: folder that the filters of the first command read, with the fonts of the worker.
    """

    commands: tuple[Command, ...]
    outputs: tuple[str, ...]
    texts: tuple[TextFile, ...] = ()
    measured: tuple[MeasuredArgument, ...] = ()
    warnings: tuple[str, ...] = ()
    fonts: str | None = None
    smart_cut: bool = False


Build = Callable[[Any, Sequence[PresetInput], str], PresetChain]
"""Makes the commands from the parameters, the inputs in the order of the slots, and the main output's name."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One preset. Its entry in the API, its page and its checks are derived from this.

    Attributes:
        name: value of `preset` in a job.
        summary: one line.
        parameters: model of the parameters.
        slots: inputs, in order.
        output: default name of the main result; without a suffix it gets that of the first input.
        suffixes: what the name of the main result may end with; the end chooses the format.
        build: makes the commands.
        example: parameters of the example in the documentation.
        filters: filters that a build of FFmpeg may lack.
        writes: further results, for the documentation.
    """

    name: str
    summary: str
    parameters: type[FrozenModel]
    slots: tuple[InputSlot, ...]
    output: str
    suffixes: tuple[str, ...]
    build: Build
    example: Mapping[str, Any] = field(default_factory=dict)
    filters: frozenset[str] = frozenset()
    writes: str | None = None
