"""Action `download`: download a file to the data root, or to the job's `upload`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from ffmpeg_worker.job.action_paths import ACTION_PATHS
from ffmpeg_worker.job.actions.action import Action, DefaultTarget
from ffmpeg_worker.job.actions.examples import JOB_ID, OUTPUT, STATS
from ffmpeg_worker.job.file_names import OutputName
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.result import FilesResult
from ffmpeg_worker.job.sources import SOURCE_SCHEMA, Source


class DownloadData(JobData):
    """Download a file from a URL or a bucket to the data root, or to the job's `upload`."""

    input: Annotated[Source, WithJsonSchema(SOURCE_SCHEMA)] = Field(
        description="Name of an input, path or URL; or an object with `url` and, if needed, `headers`, "
        "`credentials`, `sha256`.",
        examples=["https://example.com/intro.mp4"],
    )
    output: OutputName | None = Field(
        None,
        description="Name of the file. Default: the last part of the input's path.",
        examples=["clips/intro.mp4"],
    )

    def secret_values(self) -> Sequence[str]:
        """See `JobData.secret_values`."""
        return self.input.secret_values()


class DownloadJob(Job):
    """A job with action `download`."""

    action: Literal["download"]
    data: DownloadData


class DownloadResult(FilesResult):
    """Result of `download`."""


DOWNLOAD = Action(
    name="download",
    path=ACTION_PATHS["download"],
    job=DownloadJob,
    result=DownloadResult,
    summary="Download a file to the data root",
    request={"input": "https://example.com/intro.mp4", "output": "clips/intro.mp4"},
    response={"job_id": JOB_ID, "outputs": [OUTPUT], "stats": STATS, "warnings": []},
    default_target=DefaultTarget.DATA_ROOT,
)
