"""`ffmpeg-worker jobs`: the queued jobs of an HTTP API."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import click

from ffmpeg_worker.cli.display import progress_bar
from ffmpeg_worker.cli.display_jobs import event_of, show_job, show_jobs, show_log
from ffmpeg_worker.cli.file_arguments import read_file_argument
from ffmpeg_worker.cli.problems import STOPPED, echo_json, exit_code, exit_on_error, show_problem, wants_json
from ffmpeg_worker.client import Client, Job
from ffmpeg_worker.settings import Settings, read_settings

_HINT = 'Name a file with one job as a JSON object, or "-" for standard input.'
_PAGE = 200


@click.group("jobs")
def command() -> None:
    """Send jobs to the queue of an HTTP API, and list, watch, cancel and repeat them.

    The API is that of --url, else of FFMPEG_API_BASE_URL, else http://localhost:3000/api. Its key is the first of
    FFMPEG_WORKER_API_KEYS.
    """


def _with_api(*, is_text: bool = False) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """Give a command the API and the options that all have; it returns its exit code.

    With `is_text` it prints text into pipes too.
    """

    def decorate(function: Callable[..., int]) -> Callable[..., None]:
        @click.option("--url", help="Base URL of the API, ending in /api. Default: FFMPEG_API_BASE_URL.")
        @click.option("--key", help="API key; others can see it in the list of processes, unlike the setting.")
        @click.option("--json", "as_json", is_flag=True, help="Print JSON, also on a terminal.")
        @wraps(function)
        def run(url: str | None, key: str | None, as_json: bool, **arguments: Any) -> None:
            as_json = as_json if is_text else wants_json(as_json)
            with exit_on_error(as_json=as_json):
                code = function(_open_client(read_settings(), url, key), as_json=as_json, **arguments)
            sys.exit(code)

        return run

    return decorate


def _split_pairs(_ctx: click.Context, _param: click.Parameter, pairs: Sequence[str]) -> Sequence[tuple[str, str]]:
    parts = [pair.partition("=") for pair in pairs]
    if not all(separator for _, separator, _ in parts):
        raise click.BadParameter("give KEY=TEXT")
    return [(name, text) for name, _, text in parts]


@command.command("send")
@click.argument("job_file", metavar="JOB.json")
@click.option("--watch", is_flag=True, help="Follow the job to its end.")
@click.option("--idempotency-key", help="Name of the job: sent again with the same name, it is the same job.")
@_with_api()
def _send(client: Client, *, as_json: bool, job_file: str, watch: bool, idempotency_key: str | None) -> int:
    """Put the job in JOB.json ("-": standard input) into the queue, and print its id and state."""
    content = read_file_argument(job_file, f"The job file {job_file}", hint=_HINT)
    job = client.submit(content, idempotency_key=idempotency_key)
    return _follow(client, job.id, as_json=as_json) if watch else _show(job, as_json=as_json)


@command.command("list")
@click.option("--status", multiple=True, help="Only jobs in this state; can be repeated.")
@click.option("--action", help="Only jobs of this action.")
@click.option(
    "--metadata",
    multiple=True,
    metavar="KEY=TEXT",
    callback=_split_pairs,
    help="Only jobs with this in their metadata.",
)
@click.option("--from", "created_from", metavar="TIME", help="Only jobs sent at this time (ISO 8601) or later.")
@click.option("--before", "created_before", metavar="TIME", help="Only jobs sent before this time.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Number of jobs.")
@click.option("--cursor", help="Continue a list; JSON output has it as next_cursor.")
@_with_api()
def _list(  # noqa: PLR0913 - one for each option
    client: Client,
    *,
    as_json: bool,
    status: Sequence[str],
    action: str | None,
    metadata: Sequence[tuple[str, str]],
    created_from: str | None,
    created_before: str | None,
    limit: int,
    cursor: str | None,
) -> int:
    """List jobs, newest first."""
    given = {"action": action, "created_from": created_from, "created_before": created_before, "cursor": cursor}
    filters = {name: value for name, value in given.items() if value is not None}
    if status:
        filters["status"] = ",".join(status)
    filters |= {f"metadata.{name}": text for name, text in metadata}
    jobs, next_cursor = _read_pages(client, filters, limit)
    if as_json:
        echo_json({"jobs": [job.value for job in jobs], "next_cursor": next_cursor})
    else:
        show_jobs(jobs)
    return 0


@command.command("show")
@click.argument("job_id", metavar="ID")
@_with_api()
def _show_one(client: Client, *, as_json: bool, job_id: str) -> int:
    """Print a job: its state, progress, result and error."""
    return _show(client.get(job_id), as_json=as_json)


@command.command("watch")
@click.argument("job_id", metavar="ID")
@_with_api()
def _watch(client: Client, *, as_json: bool, job_id: str) -> int:
    """Follow a job to its end, with a progress bar on a terminal; Ctrl-C stops watching, not the job.

    The exit code is that of the job, as of `ffmpeg-worker run`.
    """
    return _follow(client, job_id, as_json=as_json)


@command.command("cancel")
@click.argument("job_id", metavar="ID")
@_with_api()
def _cancel(client: Client, *, as_json: bool, job_id: str) -> int:
    """Cancel a job: a running one is stopped, and its uploads are removed."""
    return _show(client.cancel(job_id), as_json=as_json)


@command.command("retry")
@click.argument("job_id", metavar="ID")
@click.option("--watch", is_flag=True, help="Follow the job to its end.")
@_with_api()
def _retry(client: Client, *, as_json: bool, job_id: str, watch: bool) -> int:
    """Run an ended job again, under the same id."""
    job = client.retry(job_id)
    return _follow(client, job_id, as_json=as_json) if watch else _show(job, as_json=as_json)


@command.command("log")
@click.argument("job_id", metavar="ID")
@_with_api(is_text=True)
def _log(client: Client, *, as_json: bool, job_id: str) -> int:
    """Print what the commands of a job said, as text, also into a pipe."""
    entries = client.log(job_id)
    if as_json:
        echo_json({"log": entries})
    else:
        show_log(entries)
    return 0


def _follow(client: Client, job_id: str, *, as_json: bool) -> int:
    """Watch a job, print it when it has ended, and return its exit code."""
    try:
        with progress_bar() as observe:
            for event in client.watch(job_id):
                job = event.job
                if (progress := event_of(job.value)) is not None:
                    observe(progress)
    except KeyboardInterrupt:
        click.echo(f"The job goes on. Watch it again: ffmpeg-worker jobs watch {job_id}", err=True)
        return STOPPED
    _show(job, as_json=as_json)
    error = job.value.get("error")
    if not isinstance(error, Mapping):
        return 0
    if as_json:
        show_problem(error)
    return exit_code(str(error.get("code")), str(error.get("fault", "worker")))


def _show(job: Job, *, as_json: bool) -> int:
    if as_json:
        echo_json(job.value)
    else:
        show_job(job)
    return 0


def _read_pages(client: Client, filters: Mapping[str, str], limit: int) -> tuple[list[Job], str | None]:
    jobs: list[Job] = []
    query = dict(filters)
    while True:
        page = client.job_page({**query, "limit": str(min(limit - len(jobs), _PAGE))})
        jobs += page.jobs
        if page.next_cursor is None or len(jobs) >= limit:
            return jobs, page.next_cursor
        query["cursor"] = page.next_cursor


def _open_client(settings: Settings, url: str | None, key: str | None) -> Client:
    """Open a client by options, else by settings. A person who waits for an answer tries again themselves."""
    if key is None:
        key = settings.api_keys[0].get_secret_value() if settings.api_keys else ""
    return Client(url or settings.api_base_url, api_key=key, retries=0)
