"""Destinations: `upload` and `s3Config`, and the secrets in them."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.credentials import CloudType
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.secrets import find_secrets, make_redaction
from ffmpeg_worker.job.upload import Upload

KEYS = {"aws_access_key_id": "key-id-canary", "aws_secret_access_key": "secret-canary"}
SIGNED = "https://h.example/a.mp4?sig=query-canary"


def read(**common: Any) -> Any:
    return parse_job({"action": "process", "data": {"chainCmds": "-i a.mp4 b.mp4"}, **common})


def upload(given: Any) -> Upload:
    found = read(upload=given).destination
    assert isinstance(found, Upload)
    return found


@pytest.mark.parametrize(
    ("given", "cloud", "bucket", "key"),
    [
        ({"bucket": "b1", "key": "k", "cloud_type": "aws"}, CloudType.AWS, "b1", "k"),
        ({"bucket": "b1", "cloud_type": " r2 "}, CloudType.R2, "b1", ""),
        ({"url": "S3://b1/a/b.mp4"}, CloudType.AWS, "b1", "a/b.mp4"),
        ({"url": "s3://b1/a", "cloud_type": "R2"}, CloudType.R2, "b1", "a"),
        ({"url": "gs://b1"}, CloudType.GCP, "b1", ""),
        ({"url": "az://c1/a?b"}, CloudType.AZURE, "c1", "a?b"),
    ],
)
def test_buckets(given: Any, cloud: CloudType, bucket: str, key: str) -> None:
    where = upload(given).location
    assert where is not None
    assert (where.cloud, where.bucket, where.key) == (cloud, bucket, key)


@pytest.mark.parametrize(
    "given", [{"url": SIGNED}, {"urls": {"b.mp4": SIGNED}}, {"url": SIGNED, "cloud_type": "HTTP"}]
)
def test_presigned_addresses(given: Any) -> None:
    found = upload(given)
    assert (found.is_presigned, found.cloud, found.location) == (True, CloudType.HTTP, None)


def test_s3_config_means_the_same() -> None:
    config = {"accessId": "key-id-canary", "accessSecret": "secret-canary", "bucketName": "b1", "endpointUrl": ""}
    given = {"bucket": "b1", "cloud_type": "AWS", "credentials": {**KEYS, "aws_url": ""}}
    assert read(s3Config=config).destination == upload(given)


@pytest.mark.parametrize(
    "given",
    [
        {"bucket": "b1", "url": SIGNED},
        {"url": SIGNED, "urls": {"b.mp4": SIGNED}},
        {"url": "ftp://h.example/a?sig=query-canary"},
        {"url": "a.mp4"},
        {"urls": {"b.mp4": "s3://b1/k?query-canary"}},
        {"cloud_type": "HTTP"},
        {"bucket": "b/1"},
        {"bucket": "../b"},
        {"bucket": "b1", "cloud_type": "GCP", "credentials": KEYS},
        {"bucket": "b1", "presign": 0},
        {"bucket": "b1", "presign": 604801},
        {"bucket": "b1", "cache_control": "a\r\nb"},
        {"bucket": "b1", "credentials": {**KEYS, "aws_session_token": "token-canary\nx"}},
        {"bucket": "b1", "credentials": {"aws_secret_access_key": ["secret-canary"]}},
    ],
)
def test_a_refusal_shows_no_secret(given: Any) -> None:
    with pytest.raises(WorkerError) as caught:
        read(upload=given)
    assert caught.value.fault == "caller"
    assert "canary" not in str(caught.value.as_problem())


def test_upload_and_s3_config_exclude_each_other() -> None:
    config = {"accessId": "a", "accessSecret": "b", "bucketName": "b1"}
    with pytest.raises(WorkerError, match="both"):
        read(upload={"bucket": "b1"}, s3Config=config)


def test_all_secrets_are_known_and_taken_out() -> None:
    job = read(
        upload={"url": SIGNED, "headers": {"X": "header-canary"}},
        inputs={
            "a": {
                "url": "https://user:word-canary@h.example/?t=other-canary",
                "headers": {"A": "Bearer x-canary"},
            },
            "b": {"url": "s3://b1/k", "credentials": KEYS},
            "c": {"url": "az://c1/k", "credentials": {"azure_sas_token": "sv=1&sig=signature-canary"}},
            "d": {"url": "gs://b1/k", "credentials": {"gcp_service_account_key": {"private_key": "pem-canary"}}},
        },
    )
    secrets = list(find_secrets(job))
    assert "canary" not in make_redaction(secrets)(" ".join(secrets))
    assert "signature-canary" in secrets
    assert "pem-canary" in secrets
    assert not [
        secret for secret in ("header-canary", "x-canary", *KEYS.values(), "pem-canary") if secret in repr(job)
    ]


def test_a_secret_that_is_deeply_nested_json() -> None:
    secret = "[" * 8000
    job = read(upload={"bucket": "b1", "credentials": {**KEYS, "aws_session_token": secret}})
    assert secret in find_secrets(job)


def test_a_credential_in_the_place_of_a_key_is_not_shown() -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_job({"action": "probe", "data": {"input": "a"}, "upload": {"credentials": {"AKIACANARY": "x"}}})
    assert caught.value.where == {"field": "upload.credentials"}
    assert "CANARY" not in str(caught.value.as_problem())


def test_signed_addresses_are_not_printed() -> None:
    job = parse_job(
        {
            "action": "process",
            "inputs": ["https://h/a.mp4?sig=canary"],
            "data": {"chainCmds": "-i {{in_1}} b.mp4"},
            "upload": {"url": "https://h/b.mp4?sig=canary"},
        }
    )
    assert "canary" not in repr(job)


@pytest.mark.parametrize("bucket", [":", "a/b"])
def test_s3_config_is_checked_when_it_is_read(bucket: str) -> None:
    config = {"accessId": "an-id", "accessSecret": "a-secret", "bucketName": bucket}
    with pytest.raises(WorkerError) as caught:
        parse_job({"action": "process", "data": {"chainCmds": "-i a.mp4 b.mp4"}, "s3Config": config})
    assert caught.value.code == "invalid_upload"
    assert "a-secret" not in str(caught.value.as_problem())
