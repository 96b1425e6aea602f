"""Action `upload`: upload files of the data root."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ffmpeg_worker.budgets import MAX_UPLOADS
from ffmpeg_worker.job.action_paths import ACTION_PATHS
from ffmpeg_worker.job.actions.action import Action, DefaultTarget
from ffmpeg_worker.job.actions.examples import JOB_ID, STATS
from ffmpeg_worker.job.file_names import one_or_many_schema, read_one_or_many
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.result import FilesResult
from ffmpeg_worker.job.sources import NAME_SCHEMA, InputName


class UploadData(JobData):
    """Upload files of the data root to the job's `upload`."""

    input: Annotated[
        tuple[InputName, ...],
        Field(min_length=1, max_length=MAX_UPLOADS, fail_fast=True),
        BeforeValidator(read_one_or_many),
        one_or_many_schema(NAME_SCHEMA, minItems=1, maxItems=MAX_UPLOADS),
    ] = Field(
        description=f"Names of inputs, or paths under the data root: one, or a list of up to {MAX_UPLOADS}.",
        examples=["small.mp4"],
    )


class UploadJob(Job):
    """A job with action `upload`."""

    action: Literal["upload"]
    data: UploadData


class UploadResult(FilesResult):
    """Result of `upload`."""


UPLOAD = Action(
    name="upload",
    path=ACTION_PATHS["upload"],
    job=UploadJob,
    result=UploadResult,
    summary="Upload files of the data root",
    request={"input": "small.mp4", "upload": {"bucket": "media-out", "key": "orders/17/", "cloud_type": "AWS"}},
    response={
        "job_id": JOB_ID,
        "outputs": [
            {
                "name": "small.mp4",
                "path": "orders/17/small.mp4",
                "url": "https://media-out.s3.us-east-1.amazonaws.com/orders/17/small.mp4",
                "size": 183422,
                "content_type": "video/mp4",
            }
        ],
        "stats": STATS,
        "warnings": [],
    },
    default_target=DefaultTarget.DEFAULT_BUCKET,
)
