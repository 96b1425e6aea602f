"""Options of commands that another program starts and watches through pipes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def with_pipes(command: Command) -> Command:
    """Add the options --ready-fd and --lifeline-fd, the numbers of open descriptors."""
    for name in ("--lifeline-fd", "--ready-fd"):
        command = click.option(name, type=int, hidden=True, callback=_check_descriptor)(command)
    return command


def write_line(descriptor: int, value: Any) -> None:
    """Write one line of JSON into a pipe, and close it."""
    with os.fdopen(descriptor, "w", encoding="utf-8") as pipe:
        pipe.write(json.dumps(value) + "\n")


def _check_descriptor(_ctx: click.Context, _param: click.Parameter, number: int | None) -> int | None:
    if number is not None:
        try:
            os.fstat(number)
        except OSError:
            raise click.BadParameter(f"{number} is not an open descriptor") from None
    return number
