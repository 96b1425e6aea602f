"""Errors on the terminal: text on stderr, the problem object on stdout for programs, and the exit code."""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

import click

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineTimedOut, JobCancelled, Misconfigured, WorkerError

STOPPED = 130
"""Exit code of a command that a signal stopped."""

_EXIT_CODES_BY_CODE = {EngineTimedOut.code: 6, JobCancelled.code: STOPPED}
_EXIT_CODES_BY_FAULT = {
    Fault.CALLER: 2,
    Fault.SOURCE: 3,
    Fault.TARGET: 4,
    Fault.WORKER: 5,
    Fault.OPERATOR: Misconfigured.exit_code,
}
_STDERR_LINES_SHOWN = 8


_DATA_ROOT = re.compile(r"(under )?the (?:worker's )?data root(?: \(FS_PATH\))?")


@contextmanager
def exit_on_error(*, as_json: bool = False, data_root: str | None = None) -> Iterator[None]:
    """Print an error and exit with its code; with `as_json` also print the problem object.

    `data_root` is what the user of the command calls the folder that relative names refer to, if not data root.
    """
    try:
        yield
    except WorkerError as error:
        if data_root is not None:
            error.reword(partial(_DATA_ROOT.sub, lambda found: f"in {data_root}" if found[1] else data_root))
        _end(error, as_json=as_json)
    except Exception:  # a defect; programs still get a problem object
        traceback.print_exc()
        defect = WorkerError(
            "The worker failed unexpectedly.",
            hint="This is a defect of the worker: please report it with the lines above.",
        )
        _end(defect, as_json=as_json)


def _end(error: WorkerError, *, as_json: bool) -> NoReturn:
    problem = error.as_problem()
    show_problem(problem)
    if as_json:
        echo_json(problem)
    sys.exit(exit_code(error.code, error.fault))


def exit_code(code: str, fault: str) -> int:
    """Return the exit code of an error with this `code` and `fault`; it says who must act."""
    return _EXIT_CODES_BY_CODE.get(code, _EXIT_CODES_BY_FAULT[Fault(fault)])


def show_problem(problem: Mapping[str, Any]) -> None:
    """Write a problem to stderr: message, place, hint, last lines of FFmpeg."""
    click.echo(click.style("Error: ", fg="red", bold=True) + problem["error"], err=True)
    where = problem.get("where")
    if where:
        click.echo("  where: " + ", ".join(f"{key} {value}" for key, value in where.items()), err=True)
    if problem.get("hint"):
        click.echo(f"  hint:  {problem['hint']}", err=True)
    click.echo(f"  code:  {problem['code']}", err=True)
    for line in (problem.get("stderr") or "").splitlines()[-_STDERR_LINES_SHOWN:]:
        click.echo(f"  | {line}", err=True)


def echo_json(value: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def wants_json(flag: bool) -> bool:
    """Whether to print JSON: with `--json`, or if stdout is not a terminal."""
    return flag or not sys.stdout.isatty()
