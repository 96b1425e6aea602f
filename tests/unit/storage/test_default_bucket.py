"""The default bucket, built from the settings."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.job.credentials import CloudType
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.storage.default_bucket import default_bucket

KEYS = {"bucket_access_key_id": "id", "bucket_secret_access_key": "secret-canary"}


def settings(**chosen: Any) -> Settings:
    return Settings(_env_file=None, **chosen)


@pytest.mark.parametrize(
    ("chosen", "bucket", "endpoint"),
    [
        ({"bucket_endpoint_url": "https://media.s3.example.com"}, "media", "https://s3.example.com"),
        ({"bucket_endpoint_url": "https://s3.example.com/media"}, "media", "https://s3.example.com"),
        ({"bucket_endpoint_url": "http://127.0.0.1:9000/media/"}, "media", "http://127.0.0.1:9000"),
        ({"bucket_endpoint_url": "https://s3.example.com", "bucket_name": "b"}, "b", "https://s3.example.com"),
        ({"cloud_storage_type": "aws", "bucket_name": "b"}, "b", None),
    ],
)
def test_bucket_and_endpoint_are_split(chosen: dict[str, str], bucket: str, endpoint: str | None) -> None:
    found = default_bucket(settings(**KEYS, **chosen))
    assert found is not None
    assert found.credentials is not None
    assert (found.bucket, found.credentials.aws_url, found.cloud) == (bucket, endpoint, CloudType.AWS)
    assert found.presign == 604800
    assert "secret-canary" not in repr(found)


def test_without_settings_there_is_no_default_bucket() -> None:
    assert default_bucket(settings()) is None


def test_with_a_public_url_nothing_is_presigned() -> None:
    found = default_bucket(
        settings(cloud_storage_type="GCP", bucket_name="b", bucket_public_url="https://cdn.example")
    )
    assert found is not None
    assert found.credentials is not None
    assert (found.presign, found.credentials.gcp_public_url) == (None, "https://cdn.example")


@pytest.mark.parametrize(
    "chosen",
    [
        {"cloud_storage_type": "AWS"},
        {"bucket_endpoint_url": "https://localhost"},
        {"cloud_storage_type": "AWS", "bucket_name": "a/b"},
        {"cloud_storage_type": "AWS", "bucket_name": "b", "bucket_prefix": "../x"},
        {"cloud_storage_type": "AWS", "bucket_name": "b", "bucket_access_key_id": "id"},
        {"cloud_storage_type": "AWS", "bucket_name": "b", "bucket_public_url": "javascript:alert(1)"},
        {"cloud_storage_type": "GCP", "bucket_name": "b", "bucket_public_url": "https://user:word@cdn.example"},
        {
            "cloud_storage_type": "AWS",
            "bucket_name": "b",
            "bucket_access_key_id": "id\nx",
            "bucket_secret_access_key": "s",
        },
    ],
)
def test_incomplete_or_invalid_settings_are_refused(chosen: dict[str, str]) -> None:
    with pytest.raises(Misconfigured):
        default_bucket(settings(**chosen))
