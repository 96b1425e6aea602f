"""RunPod's `s3Config`: an S3 bucket with its credentials, in RunPod's own field names."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, WithJsonSchema, model_validator

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.credentials import CloudType, Credentials, read_secret
from ffmpeg_worker.job.object_location import BUCKET_SCHEMA
from ffmpeg_worker.job.upload import Upload, invalid_upload

_Secret = Annotated[
    SecretStr,
    BeforeValidator(read_secret),
    Field(max_length=8192),
    WithJsonSchema(
        {
            "type": "string",
            "writeOnly": True,
            "pattern": r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$",
            "maxLength": 8192,
        }
    ),
]


class S3Config(FrozenModel):
    """RunPod's own spelling of a bucket with its credentials."""

    accessId: _Secret = Field(description="Access key id.", examples=["…"])  # noqa: N815  (RunPod's names)
    accessSecret: _Secret = Field(description="Secret access key.", examples=["…"])  # noqa: N815
    bucketName: str = Field(  # noqa: N815
        min_length=1,
        max_length=222,
        description="Bucket.",
        examples=["media-out"],
        json_schema_extra=BUCKET_SCHEMA,
    )
    endpointUrl: str = Field(  # noqa: N815
        "",
        max_length=2048,
        description="Endpoint of an S3-compatible store; empty means AWS itself.",
        examples=["https://s3.eu-central-003.backblazeb2.com"],
    )

    @model_validator(mode="after")
    def _check_as_upload(self) -> Self:
        try:
            self.as_upload()
        except ValidationError as error:
            context = error.errors(include_url=False, include_input=False)[0].get("ctx", {})
            problem = context.get("problem", "has credentials or an endpoint that are not accepted")
            raise invalid_upload(problem, context.get("hint", "Correct s3Config.")) from None
        return self

    def as_upload(self) -> Upload:
        """Return the `upload` that means the same."""
        credentials = Credentials(
            aws_access_key_id=self.accessId, aws_secret_access_key=self.accessSecret, aws_url=self.endpointUrl
        )
        return Upload(bucket=self.bucketName, cloud_type=CloudType.AWS, credentials=credentials)
