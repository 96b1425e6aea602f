"""The blocking client of the HTTP API and of RunPod endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from ffmpeg_worker.client.blocking_transport import BlockingTransport
from ffmpeg_worker.client.calls import JobReference, ObserveProgress
from ffmpeg_worker.client.connect import make_filters
from ffmpeg_worker.client.connected_client import ConnectedClient
from ffmpeg_worker.client.job import Job, JobEvent, JobPage
from ffmpeg_worker.client.job_input import CommonFields, WholeJob, make_job
from ffmpeg_worker.client.run_blocking import iterate_blocking, run_blocking
from ffmpeg_worker.client.upload_file import StoredFile


class Client(ConnectedClient):
    """Blocking client, which threads may share.

    All calls raise ApiError and its subclasses, and OSError for files of this machine. Requests that were not
    taken are sent again: without a connection, and after 429 or 503, as `Retry-After` says.
    """

    _transport = BlockingTransport

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: no connection is kept."""

    def upload(self, path: str | Path, name: str | None = None) -> StoredFile:
        """Send a file to the worker; jobs use it as an input by its name. HTTP API only.

        It is read while it is sent, and goes on where a connection was cut. An earlier file of the name is
        replaced when all of it has arrived.

        Args:
            path: the file.
            name: a relative path; by default the name of the file.
        """
        return run_blocking(self._calls.upload(Path(path), name or Path(path).name))

    def submit(
        self,
        job: str | WholeJob,
        data: Mapping[str, Any] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        upload: Mapping[str, Any] | None = None,
        webhook: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Queue a job, and return it at once.

        Args:
            job: the name of an action, or a whole job in either spelling.
            data: the data of the action; None with a whole job.
            inputs: input names and URLs, or names of uploaded files.
            upload: where outputs go.
            webhook: URL that is called when the job has ended.
            metadata: returned with the job, unchanged.
            idempotency_key: a job that is sent again with the same key is the same job. HTTP API only.
        """
        return run_blocking(
            self._calls.submit(
                make_job(job, data, CommonFields(inputs, upload, webhook, metadata)), idempotency_key
            )
        )

    def run(
        self,
        job: str | WholeJob,
        data: Mapping[str, Any] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        upload: Mapping[str, Any] | None = None,
        webhook: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout_s: float | None = None,
        on_progress: ObserveProgress | None = None,
    ) -> dict[str, Any]:
        """Run a job, and return its result.

        On the HTTP API this is one request, which needs no queue: closing its connection stops the job. A job with
        a webhook, and every job on RunPod, is queued and waited for.

        Args:
            job, data, inputs, upload, webhook, metadata: as of `submit`.
            timeout_s: seconds after which to give up.
            on_progress: called with the progress.

        Raises:
            JobFailed: the job ran and failed.
            JobCancelled: somebody cancelled it.
            JobTimeout: it took longer than `timeout_s`.
        """
        return run_blocking(
            self._calls.run(
                make_job(job, data, CommonFields(inputs, upload, webhook, metadata)), timeout_s, on_progress
            )
        )

    def get(self, job: JobReference) -> Job:
        """Return a job as it is now."""
        return run_blocking(self._calls.get(job))

    def watch(self, job: JobReference, *, timeout_s: float | None = None) -> Iterator[JobEvent]:
        """Yield what happens to a job, from its state now to its end; a connection that ends is opened again.

        Raises:
            JobTimeout: it has not ended within `timeout_s` seconds; it goes on.
        """
        return iterate_blocking(self._calls.watch(job, timeout_s))

    def wait(
        self,
        job: JobReference,
        *,
        timeout_s: float | None = None,
        on_progress: ObserveProgress | None = None,
    ) -> dict[str, Any]:
        """Return the result of a job when it has ended.

        Raises:
            JobFailed: it failed; `code`, `message`, `where`, `hint` and `stderr` say why.
            JobCancelled: it was cancelled.
            JobTimeout: it has not ended within `timeout_s` seconds; it goes on.
        """
        return run_blocking(self._calls.wait(job, timeout_s, on_progress))

    def cancel(self, job: JobReference) -> Job:
        """Cancel a job, and return it; one that runs is `cancelling` until its programs are gone."""
        return run_blocking(self._calls.cancel(job))

    def retry(self, job: JobReference) -> Job:
        """Run an ended job again, under the same id."""
        return run_blocking(self._calls.retry(job))

    def jobs(
        self,
        *,
        status: str | Sequence[str] | None = None,
        action: str | None = None,
        metadata: Mapping[str, str] | None = None,
        created_from: datetime | str | None = None,
        created_before: datetime | str | None = None,
        limit: int | None = None,
    ) -> Iterator[Job]:
        """Yield jobs, newest first and without their results; pages are fetched as they are needed. HTTP API only.

        Args:
            status: only jobs in this state, or in one of these.
            action: only jobs of this action.
            metadata: only jobs with these values in their metadata.
            created_from, created_before: only jobs sent then or later, or before.
            limit: at most so many; None for all.
        """
        return iterate_blocking(
            self._calls.jobs(make_filters(status, action, metadata, created_from, created_before), limit)
        )

    def job_page(self, filters: Mapping[str, str] | None = None) -> JobPage:
        """Return one page of jobs; `filters` are the query of `GET /api/jobs`, such as `cursor`. HTTP API only."""
        return run_blocking(self._calls.job_page(filters or {}))

    def log(self, job: JobReference) -> list[dict[str, Any]]:
        """Return what the commands of a job said. HTTP API only.

        Entries have `attempt`, `lane`, `command` and `text`.
        """
        return run_blocking(self._calls.log(job))

    def download(self, job: JobReference | Mapping[str, Any], name: str, path: str | Path) -> Path:
        """Fetch an output of a job to a file, which appears when it is whole; return its path.

        Args:
            job: a job that succeeded, or the result of one.
            name: the output's name in the result. Its `url` is followed, without the API key.
            path: the file, replaced if it is there.
        """
        return run_blocking(self._calls.download(job, name, Path(path)))

    def download_file(self, name: str, path: str | Path) -> Path:
        """Fetch a file that was uploaded, or an output in the data root, as `download` does. HTTP API only."""
        return run_blocking(self._calls.download_file(f"/files/{quote(name)}", Path(path)))

    def health(self) -> dict[str, Any]:
        """Return the health report of the API, or the numbers of jobs and workers of the RunPod endpoint."""
        return run_blocking(self._calls.health())

    def wait_until_healthy(self, *, timeout_s: float = 60) -> dict[str, Any]:
        """Wait until the API takes jobs, and return its health report. HTTP API only."""
        return run_blocking(self._calls.wait_until_healthy(timeout_s))

    def presets(self) -> list[dict[str, Any]]:
        """Return the presets, each with the JSON Schema of its parameters. HTTP API only."""
        return run_blocking(self._calls.presets())

    def plan(
        self,
        job: str | WholeJob,
        data: Mapping[str, Any] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the commands that a job would run and what they need, without running it. HTTP API only."""
        return run_blocking(self._calls.plan(make_job(job, data, CommonFields(inputs))))
