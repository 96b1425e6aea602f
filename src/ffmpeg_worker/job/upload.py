"""Destination of the outputs: a bucket, presigned URLs, or a folder of the data root."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from ffmpeg_worker.budgets import MAX_OUTPUTS
from ffmpeg_worker.frozen_model import FrozenModel, refuse_together
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.file_names import HIDDEN_HINT, is_hidden
from ffmpeg_worker.job.object_location import (
    BUCKET_SCHEMA,
    KEY_SCHEMA,
    OBJECT_URL_PATTERN,
    ObjectLocation,
    describe_key_problem,
    is_bucket_name,
    read_location,
)
from ffmpeg_worker.job.sources import Headers, find_signed_parts
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value

MAX_PRESIGN_S = 7 * 24 * 3600

_WEB_URL = re.compile(r"https?://", re.IGNORECASE)


def _read_cloud(value: Any) -> Any:
    if value is None or isinstance(value, CloudType):
        return value
    if not isinstance(value, str):
        raise wrong_value("must be text", f"Known are {', '.join(CloudType)}.")
    known = {item.value: item for item in CloudType}
    found = known.get(value.strip().upper())
    if found is None:
        hint = " ".join(filter(None, (did_you_mean(value, known), f"Known are {', '.join(known)}.")))
        raise PydanticCustomError("unknown_cloud_type", "This cloud_type is not known.", {"hint": hint})
    return found


_Cloud = Annotated[
    CloudType | None,
    BeforeValidator(_read_cloud),
    WithJsonSchema({"type": "string", "enum": [item.value for item in CloudType]}),
]


_URL_PATTERN = rf"^(https?://[^\u0000]*|{OBJECT_URL_PATTERN})$"
_URLS_SCHEMA = WithJsonSchema(
    {
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": r"^https?://[^\u0000]*$"},
        "maxProperties": MAX_OUTPUTS,
    }
)


def _add_exclusions(schema: dict[str, Any]) -> None:
    """Say in the JSON Schema of an upload which fields do not go together."""
    two_destinations: Any = refuse_together("bucket", "url", "urls")["not"]
    no_url = {
        "properties": {"cloud_type": {"const": CloudType.HTTP.value}},
        "required": ["cloud_type"],
        "not": {"anyOf": [{"required": ["url"]}, {"required": ["urls"]}]},
    }
    schema["not"] = {"anyOf": [*two_destinations["anyOf"], no_url, *Credentials.foreign_fields_schema()]}


class Upload(FrozenModel):
    """Destination of a job's outputs; without it they stay under the data root."""

    model_config = ConfigDict(json_schema_extra=_add_exclusions)

    bucket: str | None = Field(
        None,
        max_length=222,
        description="Bucket, or container of Azure.",
        examples=["media-out"],
        json_schema_extra=BUCKET_SCHEMA,
    )
    key: str = Field(
        "",
        max_length=4096,
        json_schema_extra=KEY_SCHEMA,
        description="Key of the object, where it has an extension and the job has one output. Otherwise a prefix "
        "for the name of each output.",
        examples=["orders/17/small.mp4"],
    )
    cloud_type: _Cloud = Field(
        None, description="Kind of store, in upper or lower case. Default: the worker's setting.", examples=["AWS"]
    )
    credentials: Credentials | None = Field(
        None,
        description="Credentials of the store. Never logged, stored or shown.",
        examples=[{"aws_region": "eu-central-1"}],
    )
    url: str | None = Field(
        None,
        max_length=4096,
        repr=False,  # a signed URL is a credential
        description="Instead of bucket and key: `s3://bucket/key` and the like, or a presigned PUT URL for one "
        "output.",
        examples=["s3://media-out/orders/17/small.mp4"],
        json_schema_extra={"pattern": _URL_PATTERN},
    )
    urls: Annotated[Mapping[str, str] | None, _URLS_SCHEMA] = Field(
        None,
        repr=False,
        description="Presigned PUT URLs for several outputs, by the name of the output.",
        examples=[{"small.mp4": "https://…"}],
    )
    headers: Headers | None = Field(
        None, description="Request headers for presigned PUT URLs.", examples=[{"x-amz-acl": "public-read"}]
    )
    cache_control: str | None = Field(
        None,
        max_length=256,
        pattern=r"^[\x20-\x7e]*$",
        description="`Cache-Control` of the objects.",
        examples=["public, max-age=31536000, immutable"],
    )
    presign: int | None = Field(
        None,
        ge=1,
        le=MAX_PRESIGN_S,
        description="Seconds for which `url` in the result is valid: a presigned GET URL, for private buckets.",
        examples=[86400],
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for problem, hint in self._problems():
            raise invalid_upload(problem, hint)
        return self

    def _problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong, as a phrase that continues "The upload", and a hint."""
        destinations = [name for name in ("bucket", "url", "urls") if getattr(self, name)]
        if len(destinations) > 1:
            yield f'names both "{destinations[0]}" and "{destinations[1]}"', "Keep one of them."
        if self.url and not _WEB_URL.match(self.url) and read_location(self.url) is None:
            yield _WRONG_URL
        if len(self.urls or {}) > MAX_OUTPUTS:
            yield f'has more than {MAX_OUTPUTS} "urls"', "Split the work into several jobs."
        if any(not _WEB_URL.match(url) for url in (self.urls or {}).values()):
            yield _WRONG_URL
        if self.cloud is CloudType.HTTP and not self.is_presigned:
            yield "has no presigned URL", 'Give "url", or "urls" by output name.'
        location = self.location
        if location is not None and location.bucket and not is_bucket_name(location.bucket):
            yield "has a bucket name that is not valid", "Correct the name."
        wrong_key = describe_key_problem(location.key) if location is not None else None
        if wrong_key is not None:
            yield f"has a key that {wrong_key}", "Write it like folder/name.mp4."
        if location is not None and location.cloud is CloudType.LOCAL and is_hidden(location.key.split("/")):
            yield "has a key that names a hidden file or folder", HIDDEN_HINT
        foreign = self.credentials.find_foreign_fields(self.cloud) if self.credentials and self.cloud else []
        if foreign:
            yield (
                f'has credentials of another cloud than {self.cloud}: "{foreign[0]}"',
                "Correct cloud_type, or leave them out.",
            )

    @property
    def is_presigned(self) -> bool:
        """Whether outputs are sent to URLs that the caller signed."""
        return bool(self.urls) or (self.url is not None and _WEB_URL.match(self.url) is not None)

    @property
    def cloud(self) -> CloudType | None:
        """Kind of store; `None` where the job does not say."""
        if self.is_presigned:
            return CloudType.HTTP
        named = read_location(self.url) if self.url else None
        return self.cloud_type or (named.cloud if named else None)

    @property
    def location(self) -> ObjectLocation | None:
        """Bucket and key; `None` for presigned URLs. An empty bucket stands for the operator's bucket."""
        if self.is_presigned:
            return None
        named = read_location(self.url) if self.url else None
        if named is not None:
            return named.model_copy(update={"cloud": self.cloud_type or named.cloud})
        return ObjectLocation(cloud=self.cloud_type or CloudType.AWS, bucket=self.bucket or "", key=self.key)

    def secret_values(self) -> list[str]:
        """Return every value that must not be shown: credentials, header values, signed parts of URLs."""
        values = self.credentials.secret_values() if self.credentials else []
        values += [value.get_secret_value() for value in (self.headers or {}).values()]
        for url in [self.url or "", *(self.urls or {}).values()]:
            values += find_signed_parts(url)
        return values


_WRONG_URL = (
    'has a "url" that names no destination',
    "Write https://… (a presigned PUT), s3://bucket/key, gs://bucket/key or az://container/key.",
)


def invalid_upload(problem: str, hint: str) -> PydanticCustomError:
    """The error of a validator; `problem` continues "The upload"."""
    return PydanticCustomError("invalid_upload", "The upload {problem}.", {"problem": problem, "hint": hint})
