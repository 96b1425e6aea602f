"""`ffmpeg-worker run`: runs one job in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ffmpeg_worker.cli.display import show_outputs
from ffmpeg_worker.cli.display_measurements import show_measurements
from ffmpeg_worker.cli.file_arguments import read_file_argument
from ffmpeg_worker.cli.local_worker import name_data_root, run_locally, terminal_settings
from ffmpeg_worker.cli.problems import echo_json, exit_code, exit_on_error, show_problem, wants_json
from ffmpeg_worker.job.actions.canvas import CanvasResult
from ffmpeg_worker.job.actions.multi_process import MultiProcessResult
from ffmpeg_worker.job.actions.process import ProcessResult
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job.strict_json import read_json

_HINT = 'Name a file with one JSON object, or "-" for standard input.'


@click.command("run")
@click.argument("job_file", metavar="JOB.json")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that relative names refer to. Default: FS_PATH, else the current folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, also on a terminal.")
def command(job_file: str, root: Path | None, as_json: bool) -> None:
    """Run the job in JOB.json ("-": standard input) and print its result.

    It prints a summary on a terminal, and JSON into a file or pipe: the result or the problem.
    """
    as_json = wants_json(as_json)
    with exit_on_error(as_json=as_json, data_root=name_data_root(root)):
        shown = f"The job file {job_file}"
        job = parse_job(read_json(read_file_argument(job_file, shown, hint=_HINT), shown))
        result = run_locally(job, terminal_settings(root))
    if as_json:
        echo_json(result.as_json())
    else:
        _show(result)
    sys.exit(_report_failed(result))


def _show(result: JobResult) -> None:
    match result:
        case ProcessResult():
            show_outputs(result)
            show_measurements(result.measurements, result.logs)
        case MultiProcessResult():
            show_outputs(result)
            for report in result.results:
                show_measurements(report.measurements, report.logs)
        case CanvasResult(remarks=None):
            show_outputs(result)
        case _:
            echo_json(result.as_json())


def _report_failed(result: JobResult) -> int:
    """Print the problem of every process that failed; return the exit code of the first."""
    if not isinstance(result, MultiProcessResult):
        return 0
    problems = [report.error for report in result.results if report.error is not None]
    for problem in problems:
        show_problem(problem.as_json())
    return exit_code(problems[0].code, problems[0].fault) if problems else 0
