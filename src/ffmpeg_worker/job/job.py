"""Base classes of all jobs and of their data, and the fields that all jobs share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.queue_fields import REFUSED_TOGETHER, QueueFields
from ffmpeg_worker.job.s3_config import S3Config
from ffmpeg_worker.job.sources import Inputs
from ffmpeg_worker.job.upload import Upload

_MAX_SECONDS = 1e15
"""No limit, as any timeout is capped: the largest number of seconds that is read at all."""


class CommonFields(QueueFields):
    """Fields that jobs of every action share."""

    model_config = ConfigDict(
        json_schema_extra={"not": {"anyOf": [{"required": ["upload", "s3Config"]}, *REFUSED_TOGETHER]}}
    )

    inputs: Inputs = Field(
        default_factory=dict,
        description="Inputs by name, used in commands as `{{name}}` or `<<name>>`; a list means in_1, in_2, …",
        examples=[{"in_1": "clips/intro.mp4"}],
    )
    upload: Upload | None = Field(
        None,
        description="Where the outputs go. Default: they stay under the worker's data root.",
        examples=[{"bucket": "media-out", "key": "orders/17/", "cloud_type": "AWS"}],
    )
    s3Config: S3Config | None = Field(  # noqa: N815  (RunPod's name)
        None,
        description="RunPod's own spelling of an `upload` to S3.",
        examples=[{"accessId": "…", "accessSecret": "…", "bucketName": "media-out"}],
    )
    timeout: float | None = Field(
        None,
        gt=0,
        le=_MAX_SECONDS,
        allow_inf_nan=False,
        description="Seconds for the whole job; capped by the worker's setting.",
        examples=[120],
    )
    metadata: Mapping[str, Any] | None = Field(
        None, description="Any object; the result repeats it unchanged.", examples=[{"order": "A-17"}]
    )

    @model_validator(mode="after")
    def _name_one_destination(self) -> Self:
        if self.upload is not None and self.s3Config is not None:
            raise PydanticCustomError(
                "invalid_upload", 'The job has both "upload" and "s3Config".', {"hint": "Keep one of them."}
            )
        return self

    @property
    def destination(self) -> Upload | None:
        """The target of the outputs, from either spelling; `None` if the job names none."""
        return self.s3Config.as_upload() if self.s3Config is not None else self.upload


COMMON_FIELDS = frozenset(field.alias or name for name, field in CommonFields.model_fields.items())


class JobData(FrozenModel):
    """The `data` of a job. Each action has its own subclass."""

    @property
    def may_be_split(self) -> bool:
        """Whether the caller wants a long encode to be split into chunks."""
        return False

    def secret_values(self) -> Sequence[str]:
        """Return the values in the data that no result, error or log may show."""
        return ()

    def command_secrets(self) -> Iterator[str]:
        """Yield such values inside commands: no part of them may be shown either."""
        return iter(())


class Job(CommonFields):
    """A validated job. Each action has its own subclass, with its name as `action` and its own `data`."""

    action: str
    data: JobData
    notes: tuple[str, ...] = ()
    """Warnings for the caller: which fields were not written as they should be, and how they were read."""
