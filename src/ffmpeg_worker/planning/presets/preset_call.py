"""A preset that a job runs: its validated parameters and the names of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.planning.presets.preset import InputKind


@dataclass(frozen=True, slots=True)
class NamedInput:
    """An input of a preset: its name among the inputs of the job, and what it must have."""

    key: str
    slot: str
    kind: InputKind


@dataclass(frozen=True, slots=True)
class PresetCall:
    """A preset with everything that it needs but the media of its inputs.

    Attributes:
        name: name of the preset.
        parameters: the model of its parameters; their values by name for a preset of the operator.
        inputs: its inputs, in the order of its slots.
        output: the caller's name of the main result, if there is one.
        at: JSON path of the data, for errors.
        nested: names of parameters that stand in `parameters`.
    """

    name: str
    parameters: FrozenModel | Mapping[str, Any]
    inputs: tuple[NamedInput, ...]
    output: str | None
    at: str
    nested: frozenset[str]
