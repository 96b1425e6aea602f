"""Where a caller wants the outputs: a bucket, presigned addresses, or a folder of the data root."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.credentials import CloudType, Credentials, read_secret
from ffmpeg_worker.job.sources import Headers, find_signed_parts
from ffmpeg_worker.suggestions import did_you_mean

MAX_KEY_BYTES = 1024
MAX_PRESIGN_S = 7 * 24 * 3600

_LOCATION = re.compile(r"(s3|gs|gcs|az|azure|abfs|r2)://([^/?#]+)(?:/(.*))?", re.DOTALL | re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_CLOUD_OF_SCHEME = {
    "s3": CloudType.AWS,
    "r2": CloudType.R2,
    "gs": CloudType.GCP,
    "gcs": CloudType.GCP,
    "az": CloudType.AZURE,
    "azure": CloudType.AZURE,
    "abfs": CloudType.AZURE,
}
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{0,221}")
OBJECT_SCHEMES = frozenset(_CLOUD_OF_SCHEME)
"""Schemes of URLs that name an object in a bucket."""


class Location(FrozenModel):
    """An object, or a prefix of objects, in a bucket (Azure: a container)."""

    cloud: CloudType
    bucket: str
    key: str


def read_location(url: str) -> Location | None:
    """Take apart `s3://bucket/key`, `gs://…`, `az://container/…`, `r2://…`; `None` for anything else."""
    match = _LOCATION.fullmatch(url)
    if match is None:
        return None
    return Location(cloud=_CLOUD_OF_SCHEME[match[1].lower()], bucket=match[2], key=match[3] or "")


def describe_key_problem(key: str) -> str | None:
    """What is wrong with an object's key, in words that follow "the key"; `None` when nothing is."""
    if key.startswith("/"):
        return 'starts with "/"'
    if ".." in key.split("/") or "." in key.split("/"):
        return 'has "." or ".." as a part'
    if "//" in key:
        return "has an empty part"
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"is longer than {MAX_KEY_BYTES} bytes"
    if any(ord(character) < 32 or ord(character) == 127 for character in key):
        return "holds a control character"
    return None


def describe_bucket_problem(bucket: str) -> str | None:
    """What is wrong with a bucket's name, in words that follow "the bucket"; `None` when nothing is."""
    return None if _BUCKET.fullmatch(bucket) else "is no name that a bucket can have"


def _read_cloud(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    known = {item.value: item for item in CloudType}
    found = known.get(value.strip().upper())
    if found is None:
        suggestion = did_you_mean(value, known)
        names = ", ".join(known)
        hint = f"{suggestion} Known are {names}." if suggestion else f"Known are {names}."
        raise PydanticCustomError("unknown_cloud_type", "This cloud_type is not known.", {"hint": hint})
    return found


_Cloud = Annotated[
    CloudType | None,
    BeforeValidator(_read_cloud),
    WithJsonSchema({"type": "string", "enum": [item.value for item in CloudType]}),
]


class Upload(FrozenModel):
    """Where the outputs of a job go; without it they stay under the data root."""

    bucket: str | None = Field(
        None, max_length=222, description="Bucket, or Azure's container.", examples=["media-out"]
    )
    key: str = Field(
        "",
        max_length=4096,
        description="With an extension and one output: the object's key. Otherwise a prefix before each "
        "output's name.",
        examples=["orders/17/small.mp4"],
    )
    cloud_type: _Cloud = Field(
        None, description="Kind of store, in any case. Default: the worker's setting.", examples=["AWS"]
    )
    credentials: Credentials | None = Field(
        None,
        description="Opens the store. Never logged, stored or shown.",
        examples=[{"aws_region": "eu-central-1"}],
    )
    url: str | None = Field(
        None,
        max_length=4096,
        repr=False,  # a signed one is a key
        description="Instead of bucket and key: `s3://bucket/key` and the like, or a presigned PUT of one output.",
        examples=["s3://media-out/orders/17/small.mp4"],
    )
    urls: Mapping[str, str] | None = Field(
        None,
        repr=False,
        description="Presigned PUTs for several outputs, by the name of the output.",
        examples=[{"small.mp4": "https://…"}],
    )
    headers: Headers | None = Field(
        None, description="Request headers for presigned PUTs.", examples=[{"x-amz-acl": "public-read"}]
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
        description="For private buckets: `url` in the result is a presigned GET that is valid so many seconds.",
        examples=[86400],
    )

    @model_validator(mode="after")
    def _be_one_place(self) -> Self:
        ways = [name for name in ("bucket", "url", "urls") if getattr(self, name)]
        if len(ways) > 1:
            raise _wrong(f'names both "{ways[0]}" and "{ways[1]}"', "Keep one of them.")
        problem = self._address_problem() or self._bucket_problem()
        if problem is not None:
            raise _wrong(*problem)
        strangers = self.credentials.strangers(self.cloud) if self.credentials and self.cloud else []
        if strangers:
            raise _wrong(
                f'has credentials of another cloud than {self.cloud}: "{strangers[0]}"',
                "Correct cloud_type, or leave them out.",
            )
        return self

    def _address_problem(self) -> tuple[str, str] | None:
        for address in [*([self.url] if self.url else []), *(self.urls or {}).values()]:
            if _WEB.match(address) is None and (address != self.url or read_location(address) is None):
                return (
                    'has a "url" that names no place',
                    "Write https://… (a presigned PUT), s3://bucket/key, gs://bucket/key or az://container/key.",
                )
        return None

    def _bucket_problem(self) -> tuple[str, str] | None:
        if self.is_presigned:
            return None
        if self.cloud is CloudType.HTTP:
            return ("has no presigned address", 'Give "url", or "urls" by output name.')
        where = self.location
        if where is None:
            return None
        wrong_bucket = describe_bucket_problem(where.bucket) if where.bucket else None
        if wrong_bucket is not None:
            return ("has a name of a bucket that no bucket can have", "Correct its name.")
        wrong_key = describe_key_problem(where.key)
        return (f"has a key that {wrong_key}", "Write it like folder/name.mp4.") if wrong_key else None

    @property
    def is_presigned(self) -> bool:
        """Whether outputs are PUT to addresses that the caller signed."""
        return bool(self.urls) or (self.url is not None and _WEB.match(self.url) is not None)

    @property
    def cloud(self) -> CloudType | None:
        """The kind of store, as far as the job says it."""
        if self.is_presigned:
            return CloudType.HTTP
        named = read_location(self.url) if self.url else None
        return self.cloud_type or (named.cloud if named else None)

    @property
    def location(self) -> Location | None:
        """Bucket (empty: the worker's own setting is to fill it in) and key; `None` for presigned addresses."""
        if self.is_presigned:
            return None
        named = read_location(self.url) if self.url else None
        if named is not None:
            return named.model_copy(update={"cloud": self.cloud_type or named.cloud})
        return Location(cloud=self.cloud_type or CloudType.AWS, bucket=self.bucket or "", key=self.key)

    def secret_values(self) -> list[str]:
        """Every value that must not be shown: credentials, header values, the queries of signed addresses."""
        values = self.credentials.secret_values() if self.credentials else []
        values += [value.get_secret_value() for value in (self.headers or {}).values()]
        for address in [self.url or "", *(self.urls or {}).values()]:
            values += find_signed_parts(address)
        return values


_S3Secret = Annotated[
    SecretStr,
    BeforeValidator(read_secret),
    Field(max_length=8192),
    WithJsonSchema({"type": "string", "writeOnly": True}),
]


class S3Config(FrozenModel):
    """RunPod's own spelling of a bucket with its credentials."""

    accessId: _S3Secret = Field(description="Access key id.", examples=["…"])  # noqa: N815  (RunPod's names)
    accessSecret: _S3Secret = Field(description="Secret access key.", examples=["…"])  # noqa: N815
    bucketName: str = Field(  # noqa: N815
        min_length=1, max_length=222, description="Bucket.", examples=["media-out"]
    )
    endpointUrl: str = Field(  # noqa: N815
        "",
        max_length=2048,
        description="Endpoint of an S3-compatible store; empty means AWS itself.",
        examples=["https://s3.eu-central-003.backblazeb2.com"],
    )

    @model_validator(mode="after")
    def _be_an_upload(self) -> Self:
        try:
            self.as_upload()
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0].get("ctx", {})
            what = found.get("what", "has credentials or an endpoint that are not accepted")
            raise _wrong(what, found.get("hint", "Correct s3Config.")) from None
        return self

    def as_upload(self) -> Upload:
        """The same in the worker's own words."""
        credentials = Credentials(
            aws_access_key_id=self.accessId, aws_secret_access_key=self.accessSecret, aws_url=self.endpointUrl
        )
        return Upload(bucket=self.bucketName, cloud_type=CloudType.AWS, credentials=credentials)


def _wrong(what: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError("invalid_upload", "The upload {what}.", {"what": what, "hint": hint})
