"""Read an ffmpeg argument list as FFmpeg does: options belong to the file that follows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ffmpeg_worker.command.flag_options import is_flag, option_name
from ffmpeg_worker.errors import InvalidJob


@dataclass(frozen=True, slots=True)
class Option:
    """One option as written, e.g. `-c:v` with the value `libx264`; a flag has no value."""

    token: str
    value: str | None = None

    @property
    def name(self) -> str:
        """The name without dash and stream specifier."""
        return option_name(self.token)

    def tokens(self) -> tuple[str, ...]:
        """The option as arguments."""
        return (self.token,) if self.value is None else (self.token, self.value)


@dataclass(frozen=True, slots=True)
class FileGroup:
    """One input or output with the options before it."""

    is_input: bool
    url: str
    options: tuple[Option, ...] = ()

    def value_of(self, *names: str) -> str | None:
        """Value of the last option with one of these names, since the last one wins in FFmpeg."""
        for option in reversed(self.options):
            if option.name in names and option.value is not None:
                return option.value
        return None

    def has(self, *names: str) -> bool:
        """Whether there is an option with one of these names."""
        return any(option.name in names for option in self.options)

    def name_tokens(self) -> tuple[str, ...]:
        """The name of the file as arguments."""
        return ("-i", self.url) if self.is_input else (self.url,)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A parsed command.

    Attributes:
        groups: inputs and outputs in the order written.
        trailing: options after the last of them, which have no effect.
    """

    groups: tuple[FileGroup, ...]
    trailing: tuple[Option, ...] = ()

    @property
    def inputs(self) -> tuple[FileGroup, ...]:
        """The inputs in order; the index of an input is its number in FFmpeg."""
        return tuple(group for group in self.groups if group.is_input)

    @property
    def outputs(self) -> tuple[FileGroup, ...]:
        """The outputs in order."""
        return tuple(group for group in self.groups if not group.is_input)

    def tokens(self) -> tuple[str, ...]:
        """The command as arguments, without the program."""
        groups = ((*_option_tokens(group.options), *group.name_tokens()) for group in self.groups)
        return (*(token for tokens in groups for token in tokens), *_option_tokens(self.trailing))

    def options(self) -> Iterator[Option]:
        """All options, in order."""
        for group in self.groups:
            yield from group.options
        yield from self.trailing

    def with_outputs(self, urls: Sequence[str]) -> CommandLine:
        """The command with more outputs, the first of which gets the trailing options."""
        if not urls:
            return self
        added = (FileGroup(False, urls[0], self.trailing), *(FileGroup(False, url) for url in urls[1:]))
        return replace(self, groups=(*self.groups, *added), trailing=())


def read_command_line(tokens: Sequence[str]) -> CommandLine:
    """Split arguments, without the program's name, into inputs, outputs and their options.

    Raises:
        InvalidJob: the last option has no value but needs one.
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


def _option_tokens(options: Sequence[Option]) -> Iterator[str]:
    for option in options:
        yield from option.tokens()


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
