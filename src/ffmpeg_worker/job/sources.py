"""Inputs as callers give them: a path or URL, or a short text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from ffmpeg_worker.budgets import MAX_CONTENT_BYTES, MAX_HEADERS, MAX_INPUTS
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.credentials import Credentials
from ffmpeg_worker.validation_errors import wrong_value

MAX_URL_CHARACTERS = 4096
INPUT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_SECRET_PARTS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:([^/?#]*)@)?[^?#]*(?:\?([^#]*))?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def _read_headers(value: Any) -> Any:
    if isinstance(value, Mapping):
        if len(value) > MAX_HEADERS:
            raise wrong_value(f"must have at most {MAX_HEADERS} headers")
        return {name: SecretStr(item) if isinstance(item, str) else item for name, item in value.items()}
    return value


Headers = Annotated[
    Mapping[str, SecretStr],
    BeforeValidator(_read_headers),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": MAX_HEADERS}),
]
"""Request headers; values are secret because they may be credentials."""


def find_signed_parts(url: str) -> list[str]:
    """Find the parts of a URL that may grant access: user and password, and the query."""
    match = _SECRET_PARTS.match(url)
    return [part for part in match.groups() if part] if match else []


class FileSource(FrozenModel):
    """An input under the data root or at a URL."""

    url: str = Field(
        min_length=1,
        max_length=MAX_URL_CHARACTERS,
        repr=False,  # a signed URL is a credential
        description="Relative name under the data root, absolute path under an allowed root, or URL (`https://`, "
        "`s3://`, `gs://`, `az://`, `r2://`).",
        examples=["clips/intro.mp4"],
    )
    headers: Headers | None = Field(
        None, description="Request headers for an HTTP source.", examples=[{"Accept": "video/mp4"}]
    )
    credentials: Credentials | None = Field(
        None,
        description="Credentials of the store of an `s3://`, `gs://`, `az://` or `r2://` URL. Default: those of "
        "the job's `upload`, where that is a store of the same kind.",
        examples=[{"aws_region": "eu-central-1"}],
    )
    sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-fA-F]{64}$",
        description="Expected SHA-256 of the file in hexadecimal; a file with another checksum is refused.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )

    @property
    def plain_headers(self) -> dict[str, str]:
        """The headers with their values in plain text."""
        return {name: value.get_secret_value() for name, value in (self.headers or {}).items()}

    def secret_values(self) -> list[str]:
        """Return every value that must not be shown: credentials, header values, signed parts of the URL."""
        values = self.credentials.secret_values() if self.credentials else []
        return [*values, *self.plain_headers.values(), *find_signed_parts(self.url)]

    @property
    def scheme(self) -> str | None:
        """Scheme of a URL in lower case; `None` for a path."""
        match = _SCHEME.match(self.url)
        return match.group(1).lower() if match else None


def _check_size(content: str) -> str:
    if len(content.encode()) > MAX_CONTENT_BYTES:
        raise PydanticCustomError(
            "content_too_large",
            f"The text has more than {MAX_CONTENT_BYTES} bytes.",
            {"hint": "Put it into a file and name that."},
        )
    return content


class TextSource(FrozenModel):
    """An input whose text is in the job itself: subtitles, a concat list, a filter script."""

    content: Annotated[str, AfterValidator(_check_size), Field(max_length=MAX_CONTENT_BYTES)] = Field(
        description="The text, up to 64 KiB of UTF-8.",
        examples=["1\n00:00:00,000 --> 00:00:02,000\nHello\n"],
    )
    name: str = Field(
        "text.txt",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$",
        description="Name of the file that the command reads; FFmpeg takes the format from its extension.",
        examples=["captions.srt"],
    )

    def secret_values(self) -> list[str]:
        """Return nothing: a text has no credentials."""
        return []


def _read_source(value: Any) -> FileSource | TextSource:
    if isinstance(value, (FileSource, TextSource)):
        return value
    if isinstance(value, str):
        return FileSource.model_validate({"url": value})
    if isinstance(value, dict):
        return (TextSource if "content" in value else FileSource).model_validate(value)
    raise ValueError("must be a path or URL, or an object with `url` or with `content`")


InputName = Annotated[str, Field(min_length=1, max_length=MAX_URL_CHARACTERS)]
"""Name of an input of the job; or a path or URL, which then is an input."""

Source = Annotated[
    FileSource | TextSource,
    BeforeValidator(_read_source),
]


def _read_inputs(value: Any) -> Any:
    """Turn a list of inputs into a map: in_1, in_2, …"""
    if isinstance(value, (list, tuple, dict)) and len(value) > MAX_INPUTS:
        raise wrong_value(f"must have at most {MAX_INPUTS} inputs", "Split the work into several jobs.")
    if isinstance(value, (list, tuple)):
        value = {f"in_{index}": item for index, item in enumerate(value, start=1)}
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str) or not INPUT_NAME.fullmatch(name):
                raise ValueError("has a name that is not 1 to 64 letters, digits, `_`, `-`, `.`")
    return value


NAME_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": MAX_URL_CHARACTERS}
"""JSON Schema of an `InputName`."""

SOURCE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {**NAME_SCHEMA, "description": "Path or URL.", "examples": ["clips/intro.mp4"]},
        {"$ref": "#/components/schemas/FileSource"},
        {"$ref": "#/components/schemas/TextSource"},
    ]
}

Inputs = Annotated[
    Mapping[str, Source],
    BeforeValidator(_read_inputs),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": SOURCE_SCHEMA,
                    "propertyNames": {"pattern": f"^{INPUT_NAME.pattern}$"},
                    "maxProperties": MAX_INPUTS,
                },
                {"type": "array", "items": SOURCE_SCHEMA, "maxItems": MAX_INPUTS},
            ]
        }
    ),
]
"""Inputs by name; a list means in_1, in_2, …"""
