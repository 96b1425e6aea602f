"""What every job may carry, whatever it does, and names of outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.file_names import check_name
from ffmpeg_worker.job.sources import Inputs
from ffmpeg_worker.job.upload import S3Config, Upload


def _check_output(name: str) -> str:
    try:
        check_name(name, what="output")
    except InvalidJob as error:
        raise PydanticCustomError(error.code, error.message, {"hint": error.hint}) from None
    return name


OutputName = Annotated[str, AfterValidator(_check_output)]


class CommonFields(FrozenModel):
    """What every job may carry, whatever it does."""

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
        allow_inf_nan=False,
        description="Seconds for the whole job; capped by the worker's setting.",
        examples=[120],
    )
    metadata: Mapping[str, Any] | None = Field(
        None, description="Echoed back untouched in the result.", examples=[{"order": "A-17"}]
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
        """Where the outputs go, in whichever spelling it was said."""
        return self.s3Config.as_upload() if self.s3Config is not None else self.upload
