"""The page of all commands of the terminal with their options, made from the program itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from docs_site.tables import code, table
from ffmpeg_worker.cli import cli

_PROGRAM = "ffmpeg-worker"
_HEAD = f"""\
# Commands and options

Every command of `{_PROGRAM}` with its arguments and options, as `--help` prints them. Exit codes, output and
guarantees: [Command line](../cli.md).
"""


def make_cli_page() -> str:
    """Make the page from the commands of the program."""
    context = click.Context(cli, info_name=_PROGRAM)
    sections = [text for name in cli.list_commands(context) for text in _sections(name, context, cli)]
    return "\n\n".join([_HEAD.rstrip(), *sections]) + "\n"


def _sections(name: str, parent: click.Context, group: click.Group) -> Iterator[str]:
    command = group.get_command(parent, name)
    if command is None:
        raise click.UsageError(f"no command {name!r}")
    context = click.Context(command, info_name=name, parent=parent)
    yield _section(command, context)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from _sections(below, context, command)


def _section(command: click.Command, context: click.Context) -> str:
    path = context.command_path
    level = "#" * len(path.split())
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    parts = [
        f"{level} `{path}`",
        inspect.cleandoc(command.help or "").replace("\b\n", ""),
        f"```text\n{usage}\n```",
    ]
    rows = [record for parameter in command.get_params(context) if (record := parameter.get_help_record(context))]
    parts.append(table(("option", "meaning"), ((code(names), meaning) for names, meaning in rows)))
    return "\n\n".join(part for part in parts if part)
