"""Credentials of a caller's object store; no dump, error or log shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, SecretStr, WithJsonSchema

from ffmpeg_worker.frozen_model import FrozenModel


class CloudType(StrEnum):
    """Kinds of stores; callers may write them in upper or lower case."""

    AWS = "AWS"
    """S3 or, with `aws_url`, a store with the same protocol."""
    R2 = "R2"
    """Cloudflare R2: S3 with an `aws_url` and one region."""
    GCP = "GCP"
    AZURE = "AZURE"
    HTTP = "HTTP"
    """Presigned PUT URLs."""
    LOCAL = "LOCAL"
    """The worker's own data root."""


_PREFIX_OF = {CloudType.AWS: "aws_", CloudType.R2: "aws_", CloudType.GCP: "gcp_", CloudType.AZURE: "azure_"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"]")


def _read_text(value: Any) -> Any:
    """Read an empty text as a missing one: forms and templates send empty strings."""
    if isinstance(value, str):
        return value.strip() or None
    return value


def read_secret(value: Any) -> Any:
    """Wrap a text as a secret; an empty one becomes `None`.

    Raises:
        ValueError: a control character, which no request header may contain.
    """
    value = _read_text(value)
    if isinstance(value, str) and _CONTROL.search(value):
        raise ValueError("must not contain a control character such as a newline")
    return SecretStr(value) if isinstance(value, str) else value


def check_public_url(url: str) -> str:
    """Return a base of URLs in results: people and players open them, so no other scheme than HTTP is one.

    Raises:
        ValueError: it is no HTTP URL, has user information, or a character that no URL contains.
    """
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or "@" in parts.netloc or _NOT_IN_URL.search(url):
        raise ValueError("must be a URL such as https://cdn.example.com, without user and password")
    return url


def _read_key_file(value: Any) -> Any:
    text = json.dumps(value) if isinstance(value, dict) else _read_text(value)
    return SecretStr(text) if isinstance(text, str) else text


_SECRET_SCHEMA = WithJsonSchema(
    {"type": "string", "writeOnly": True, "pattern": r"^[^\u0000-\u001f\u007f]*$", "maxLength": 8192}
)
_PUBLIC_URL_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "pattern": r"^(https?://[A-Za-z0-9][A-Za-z0-9.-]*(:([1-9][0-9]{0,3}|[1-5][0-9]{4}))?(/[!#-;=?-\[\]-~]*)?)?$",
        "maxLength": 2048,
    }
)
_Text = Annotated[Annotated[str, Field(max_length=2048)] | None, BeforeValidator(_read_text)]
_PublicUrl = Annotated[
    Annotated[str, Field(max_length=2048), AfterValidator(check_public_url)] | None,
    BeforeValidator(_read_text),
    _PUBLIC_URL_SCHEMA,
]
_Secret = Annotated[
    Annotated[SecretStr, Field(max_length=8192)] | None,
    BeforeValidator(read_secret),
    _SECRET_SCHEMA,
]
_KeyFile = Annotated[
    Annotated[SecretStr, Field(max_length=16384)] | None,
    BeforeValidator(_read_key_file),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}], "writeOnly": True}),
]


class Credentials(FrozenModel):
    """Credentials of one store. Only the fields of its own cloud may be set; an empty field counts as missing."""

    aws_access_key_id: _Secret = Field(None, description="Access key id.", examples=["…"])
    aws_secret_access_key: _Secret = Field(None, description="Secret access key.", examples=["…"])
    aws_session_token: _Secret = Field(None, description="Session token of temporary credentials.", examples=["…"])
    aws_region: _Text = Field(None, description="Region; `us-east-1` when empty.", examples=["eu-central-1"])
    aws_url: _Text = Field(
        None,
        description="Endpoint of an S3-compatible store; empty means AWS itself.",
        examples=["https://s3.eu-central-003.backblazeb2.com"],
    )
    aws_public_url: _PublicUrl = Field(
        None,
        description="Base of the `url` in results; empty means the object's own URL.",
        examples=["https://cdn.example.com"],
    )
    gcp_service_account_key: _KeyFile = Field(
        None, description="Key file of the service account: its JSON, as an object or as text.", examples=["…"]
    )
    gcp_public_url: _PublicUrl = Field(
        None, description="Base of the `url` in results.", examples=["https://cdn.example.com"]
    )
    azure_account_name: _Text = Field(None, description="Storage account.", examples=["media"])
    azure_account_key: _Secret = Field(None, description="Key of the account.", examples=["…"])
    azure_sas_token: _Secret = Field(
        None, description="Shared access signature, instead of the key.", examples=["…"]
    )
    azure_connection_string: _Secret = Field(
        None, description="Connection string, instead of account, key and endpoint.", examples=["…"]
    )
    azure_url: _Text = Field(
        None,
        description="Blob endpoint; empty means Azure itself.",
        examples=["https://media.blob.core.windows.net"],
    )
    azure_public_url: _PublicUrl = Field(
        None, description="Base of the `url` in results.", examples=["https://cdn.example.com"]
    )

    blanks_are_documented = True

    @classmethod
    def foreign_fields_schema(cls) -> list[JsonValue]:
        """List the JSON Schemas of uploads whose credentials belong to another cloud than their `cloud_type`."""
        return [
            {
                "properties": {
                    "cloud_type": {"const": cloud.value},
                    "credentials": {"anyOf": [{"required": [name]} for name in cls._list_foreign(cloud)]},
                },
                "required": ["cloud_type", "credentials"],
            }
            for cloud in CloudType
        ]

    @classmethod
    def _list_foreign(cls, cloud: CloudType) -> list[str]:
        prefix = _PREFIX_OF.get(cloud)
        return [name for name in cls.model_fields if prefix is None or not name.startswith(prefix)]

    def find_foreign_fields(self, cloud: CloudType) -> list[str]:
        """List the fields that are set but belong to another cloud."""
        return [name for name in self._list_foreign(cloud) if getattr(self, name) is not None]

    def secret_values(self) -> list[str]:
        """Return every value that must not be shown, and the secrets inside composite values."""
        values = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                values += [value.get_secret_value(), *_find_parts(value.get_secret_value())]
        return values


def _find_parts(secret: str) -> list[str]:
    """Find the secrets inside a key file, a connection string or a signature."""
    try:
        document = json.loads(secret)
    except (ValueError, RecursionError):
        return re.findall(r"(?:AccountKey|SharedAccessSignature|sig)=([^;&]{8,})", secret)
    if not isinstance(document, Mapping):
        return []
    return [document[key] for key in ("private_key", "private_key_id") if isinstance(document.get(key), str)]
