"""Outputs that a command names by a placeholder such as `{{out_1}}`, as other services write them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning import placeholders

_NUMBER = re.compile(r"\D{1,16}(\d{1,4})")


class OutputPlaceholders:
    """Names that stand for outputs in the commands of a chain; `notes` say how they were read."""

    def __init__(self, outputs: Sequence[str], inputs: Collection[str]) -> None:
        self.notes: list[str] = []
        self._outputs = outputs
        self._inputs = inputs
        self._names: dict[str, str] = {}

    def resolve(self, line: CommandLine) -> CommandLine:
        """The command with the names of its outputs, also where it uses those of earlier commands.

        Raises:
            InvalidJob: an output is named after an input, or has no name.
        """
        groups = [group if group.is_input else replace(group, url=self._name(group)) for group in line.groups]
        if not self._names:
            return line
        return CommandLine(tuple(self._fill_group(group) for group in groups), self._fill_options(line.trailing))

    def _name(self, group: FileGroup) -> str:
        """The name of an output; notes what a placeholder in it stands for."""
        for name in placeholders.names_in(group.url):
            if name in self._inputs:
                raise InvalidJob(
                    f'The name of an output contains "{{{{{name}}}}}", which is an input.',
                    code="invalid_name",
                    hint=f'Give the output a name of its own, such as "{name}_new.mp4".',
                    where={"argument": "output"},
                )
            whole = self._find_whole(group, name)
            if whole is not None:
                self._names.setdefault(name, whole)
                return whole
            self._names.setdefault(name, name)
        return self._fill(group.url) if "{{" in group.url or "<<" in group.url else group.url

    def _find_whole(self, group: FileGroup, name: str) -> str | None:
        """The name among `output` that an output such as `{{out_1}}` or `{{out_1}}.mp4` stands for."""
        suffix = group.url.partition("}}" if group.url.startswith("{{") else ">>")[2]
        if placeholders.sole_name(group.url.removesuffix(suffix) if suffix else group.url) is None:
            return None
        number = _NUMBER.fullmatch(name)
        index = int(number[1]) - 1 if number else 0
        given = self._outputs[index] if 0 <= index < len(self._outputs) else None
        if given is not None and given.endswith(suffix):
            return given
        if not suffix and not group.has("f"):
            raise InvalidJob(
                f'The output "{{{{{name[:64]}}}}}" has no name.',
                code="invalid_name",
                hint=f'Write the name itself, such as {name[:64]}.mp4, or add "output": ["{name[:64]}.mp4"].',
                where={"argument": "output"},
            )
        return None

    def _fill(self, text: str) -> str:
        filled = placeholders.fill(text, lambda name: self._names.get(name, f"{{{{{name}}}}}"))
        if filled != text:
            note = "Placeholders in names of outputs were read as plain names; name outputs directly."
            self.notes += [note] if note not in self.notes else []
        return filled

    def _fill_group(self, group: FileGroup) -> FileGroup:
        url = self._fill(group.url) if group.is_input else group.url
        return replace(group, url=url, options=self._fill_options(group.options))

    def _fill_options(self, options: Sequence[Option]) -> tuple[Option, ...]:
        return tuple(
            option if option.value is None else replace(option, value=self._fill(option.value))
            for option in options
        )
