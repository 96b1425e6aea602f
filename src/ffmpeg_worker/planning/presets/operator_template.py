"""The commands of an operator's preset, with the values of a call in the place of their placeholders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.job.operator_preset import OperatorPreset
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.preset import PresetChain
from ffmpeg_worker.planning.presets.preset_input import PresetInput

MAX_TEXT_CHARS = 1000
"""Length of descriptions, and of the text in a parameter unless its file says another."""


@dataclass(frozen=True, slots=True, eq=False)
class OperatorTemplate:
    """Fills the template of an operator's preset, as the `build` of a `Preset`."""

    own: OperatorPreset

    def __call__(self, wanted: Mapping[str, Any], inputs: Sequence[PresetInput], output: str) -> PresetChain:
        names = {f"in_{number}": source.placeholder for number, source in enumerate(inputs, start=1)}
        values = {name: _write(value) for name, value in wanted.items()}
        first = self.own.outputs[0]
        commands = tuple(
            tuple(output if token == first else _fill(token, values | names) for token in command)
            for command in self.own.commands
        )
        return PresetChain(commands, (output, *self.own.outputs[1:]))


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return plain(value) if isinstance(value, int | float) else str(value)


def _fill(token: str, values: Mapping[str, str]) -> str:
    return placeholders.fill(token, lambda name: values.get(name, f"{{{{{name}}}}}"))
