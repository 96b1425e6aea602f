"""Objects in buckets: URLs such as `s3://bucket/key`, and the rules for names of buckets and keys."""

from __future__ import annotations

import re

from pydantic import JsonValue

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.credentials import CloudType

MAX_KEY_BYTES = 1024

_URL = re.compile(r"(s3|gs|gcs|az|azure|abfs|r2)://([^/?#]+)(?:/(.*))?", re.DOTALL | re.IGNORECASE)
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
BUCKET_SCHEMA: dict[str, JsonValue] = {"pattern": f"^{_BUCKET.pattern}$"}
"""JSON Schema of names of buckets."""
_KEY_PART = r"[^/\u0000-\u001f\u007f]+"
KEY_SCHEMA: dict[str, JsonValue] = {"pattern": f"^({_KEY_PART}(/{_KEY_PART})*/?)?$"}
"""JSON Schema of keys of objects; it does not say that no part is "." or ".."."""
OBJECT_URL_PATTERN = f"({'|'.join(_CLOUD_OF_SCHEME)})://{_BUCKET.pattern}(/({_KEY_PART}(/{_KEY_PART})*/?)?)?"
"""Pattern of the URLs that `read_location` reads, in lower case."""

OBJECT_SCHEMES = frozenset(_CLOUD_OF_SCHEME)
"""Schemes of URLs that name an object in a bucket."""


class ObjectLocation(FrozenModel):
    """An object, or a prefix of objects, in a bucket (Azure: a container)."""

    cloud: CloudType
    bucket: str
    key: str


def read_location(url: str) -> ObjectLocation | None:
    """Parse `s3://bucket/key`, `gs://…`, `az://container/…`, `r2://…`; return `None` for any other URL."""
    match = _URL.fullmatch(url)
    if match is None:
        return None
    return ObjectLocation(cloud=_CLOUD_OF_SCHEME[match[1].lower()], bucket=match[2], key=match[3] or "")


def describe_key_problem(key: str) -> str | None:
    """Say why an object cannot have this key, as a phrase that continues "the key"; `None` where it can."""
    if key.startswith("/"):
        return 'starts with "/"'
    if ".." in key.split("/") or "." in key.split("/"):
        return 'has "." or ".." as a part'
    if "//" in key:
        return "has an empty part"
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"is longer than {MAX_KEY_BYTES} bytes"
    if any(ord(character) < 32 or ord(character) == 127 for character in key):
        return "contains a control character"
    return None


def is_bucket_name(name: str) -> bool:
    """Whether a bucket of any cloud can have this name."""
    return _BUCKET.fullmatch(name) is not None
