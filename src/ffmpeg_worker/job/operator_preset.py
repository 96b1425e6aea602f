"""A preset of the operator: a command template with typed parameters, as a plain value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class OperatorPreset:
    """One file of the folder of presets, after it was validated.

    Attributes:
        name: name of the preset.
        summary: one line.
        parameters: JSON Schema of each parameter, by its name.
        required: names of the parameters without which the preset does not run.
        inputs: number of inputs, at least and at most.
        outputs: names of the results.
        commands: arguments of each command, with `{{parameter}}` and `{{in_1}}`.
    """

    name: str
    summary: str
    parameters: Mapping[str, Mapping[str, Any]]
    required: frozenset[str]
    inputs: tuple[int, int]
    outputs: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    example: Mapping[str, Any] = field(default_factory=dict)
