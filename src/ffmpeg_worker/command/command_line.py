"""An ffmpeg argument list read the way ffmpeg reads it: options belong to the file that follows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ffmpeg_worker.command.flag_options import is_flag, option_name
from ffmpeg_worker.errors import InvalidJob


@dataclass(frozen=True, slots=True)
class Option:
    """One option as written, e.g. `-c:v` with value `libx264`; flags have no value."""

    token: str
    value: str | None = None

    @property
    def name(self) -> str:
        """Without dash and stream specifier."""
        return option_name(self.token)

    def tokens(self) -> tuple[str, ...]:
        """As arguments."""
        return (self.token,) if self.value is None else (self.token, self.value)


@dataclass(frozen=True, slots=True)
class FileGroup:
    """One input or output with the options in front of it."""

    is_input: bool
    url: str
    options: tuple[Option, ...] = ()

    def value_of(self, *names: str) -> str | None:
        """Value of the last option with one of these names (ffmpeg's rule: the last one wins)."""
        for option in reversed(self.options):
            if option.name in names and option.value is not None:
                return option.value
        return None

    def has(self, *names: str) -> bool:
        """Whether an option with one of these names is given."""
        return any(option.name in names for option in self.options)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Files in the order written, and options after the last of them."""

    groups: tuple[FileGroup, ...]
    trailing: tuple[Option, ...] = ()

    @property
    def inputs(self) -> tuple[FileGroup, ...]:
        """The inputs, in order: their index is ffmpeg's file number."""
        return tuple(group for group in self.groups if group.is_input)

    @property
    def outputs(self) -> tuple[FileGroup, ...]:
        """The outputs, in order."""
        return tuple(group for group in self.groups if not group.is_input)

    def options(self) -> Iterator[Option]:
        """Every option, wherever it stands."""
        for group in self.groups:
            yield from group.options
        yield from self.trailing

    def with_output(self, url: str) -> CommandLine:
        """The same command writing one output more; options that trailed belong to it."""
        return replace(self, groups=(*self.groups, FileGroup(False, url, self.trailing)), trailing=())


def read_command_line(tokens: Sequence[str]) -> CommandLine:
    """Split the arguments (without the program's name) into inputs, outputs and their options.

    Raises:
        InvalidJob: an option at the end that needs a value.
    """
    groups: list[FileGroup] = []
    pending: list[Option] = []
    remaining = iter(tokens)
    for token in remaining:
        if not token.startswith("-") or token == "-":
            groups.append(FileGroup(False, token, tuple(pending)))
            pending = []
        elif token == "-i":
            groups.append(FileGroup(True, _value_after(token, remaining), tuple(pending)))
            pending = []
        elif is_flag(token):
            pending.append(Option(token))
        else:
            pending.append(Option(token, _value_after(token, remaining)))
    return CommandLine(tuple(groups), tuple(pending))


def _value_after(token: str, remaining: Iterator[str]) -> str:
    value = next(remaining, None)
    if value is None:
        raise InvalidJob(
            f'The option "{token[:64]}" has no value.',
            code="option_value_missing",
            hint="Put its value after it, or remove the option.",
            where={"argument": token[:64]},
        )
    return value
