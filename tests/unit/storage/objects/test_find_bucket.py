"""Buckets built from credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.errors import AddressNotAllowed, InvalidJob
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.outbound.proxy import open_egress_proxy
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.storage.objects.bucket import BucketAccess
from ffmpeg_worker.storage.objects.find_bucket import find_bucket

S3 = {"aws_access_key_id": "id", "aws_secret_access_key": "secret"}
OWN = {"AWS_ACCESS_KEY_ID": "own", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize(
    ("cloud", "bucket", "given", "url"),
    [
        (CloudType.AWS, "media", S3, "https://media.s3.us-east-1.amazonaws.com"),
        (CloudType.AWS, "me.dia", S3 | {"aws_region": "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com/me.dia"),
        (CloudType.AWS, "media", S3 | {"aws_url": "https://s3.test:8443/"}, "https://s3.test:8443/media"),
        (CloudType.AWS, "media", S3 | {"aws_url": "https://media.s3.test"}, "https://media.s3.test"),
        (CloudType.R2, "media", S3 | {"aws_url": "https://r2.test/media"}, "https://r2.test/media"),
        (
            CloudType.AZURE,
            "media",
            {"azure_connection_string": "AccountName=acc;AccountKey=a2V5;EndpointSuffix=core.test"},
            "https://acc.blob.core.test/media",
        ),
        (
            CloudType.AZURE,
            "media",
            {"azure_account_name": "acc", "azure_sas_token": "?sv=1&sig=x"},
            "https://acc.blob.core.windows.net/media",
        ),
    ],
)
async def test_the_url_of_a_bucket(
    cloud: CloudType, bucket: str, given: dict[str, str], url: str, access: BucketAccess
) -> None:
    found = find_bucket(cloud, bucket, Credentials.model_validate(given), access)
    found.open()
    assert found.url == url
    assert not [secret for secret in ("secret", "a2V5", "sig=") if secret in repr(found)]


@pytest.mark.parametrize(
    ("cloud", "given", "named"),
    [
        (CloudType.AWS, {}, '"aws_access_key_id" and "aws_secret_access_key" are'),
        (CloudType.AWS, {"aws_access_key_id": "id"}, '"aws_secret_access_key" is'),
        (CloudType.R2, S3, '"aws_url" is'),
        (CloudType.GCP, {}, '"gcp_service_account_key" is'),
        (CloudType.AZURE, {"azure_account_name": "acc"}, '"azure_account_key" is'),
    ],
)
async def test_missing_credentials(
    cloud: CloudType, given: dict[str, str], named: str, access: BucketAccess
) -> None:
    with pytest.raises(InvalidJob) as caught:
        find_bucket(cloud, "media", Credentials.model_validate(given), access)
    assert caught.value.code == "credentials_missing"
    assert named in caught.value.message


async def test_the_worker_s_credentials_are_never_combined_with_a_job_s(tmp_path: Path) -> None:
    key_file = tmp_path / "key.json"
    key_file.write_text('{"client_email": "a@b", "private_key": "x", "private_key_id": "1"}')
    async with open_egress_proxy(OutboundRules()) as proxy:
        access = BucketAccess(proxy, {**OWN, "GOOGLE_APPLICATION_CREDENTIALS": str(key_file)})
        public = Credentials(aws_public_url="https://cdn.test")
        found = find_bucket(CloudType.AWS, "media", public, access)
        assert found.url == "https://media.s3.eu-west-1.amazonaws.com"
        assert found.public_url == "https://cdn.test"
        find_bucket(CloudType.GCP, "media", None, access)
        for given in (
            {"aws_url": "https://elsewhere.test"},
            {"aws_access_key_id": "id"},
            {"aws_session_token": "token"},
        ):
            with pytest.raises(InvalidJob):
                find_bucket(CloudType.AWS, "media", Credentials.model_validate(given), access)
        assert "hush" not in repr(access)


@pytest.mark.parametrize(
    ("cloud", "given"),
    [
        (CloudType.GCP, {"gcp_service_account_key": "[]"}),
        (CloudType.GCP, {"gcp_service_account_key": '{"client_email": "a"}'}),
        (CloudType.AZURE, {"azure_connection_string": "UseDevelopmentStorage=true"}),
        (CloudType.AZURE, {"azure_account_name": "a.evil.test/", "azure_account_key": "a2V5"}),
        (CloudType.AZURE, {"azure_account_name": "acc", "azure_account_key": "no base64"}),
        (CloudType.AWS, S3 | {"aws_region": "x.evil.test/"}),
    ],
)
async def test_invalid_credentials_are_refused(
    cloud: CloudType, given: dict[str, str], access: BucketAccess
) -> None:
    with pytest.raises(InvalidJob) as caught:
        find_bucket(cloud, "media", Credentials.model_validate(given), access).open()
    assert caught.value.code == "invalid_credentials"
    assert "evil" not in str(caught.value.as_problem())


MALFORMED_HOSTS = (
    "xn--",
    "xn--0.pt",
    "xn--zzzzzzzz99999",
    "1.2.3.4.5",
    "%41.com",
    "[v1.a]",
    "[fe80::1%25eth0]",
    "a b",
)


@pytest.mark.parametrize("host", MALFORMED_HOSTS)
@pytest.mark.parametrize(
    ("cloud", "given"),
    [(CloudType.AWS, S3), (CloudType.AZURE, {"azure_account_name": "acc", "azure_account_key": "a2V5"})],
)
async def test_endpoints_that_no_client_can_parse(
    cloud: CloudType, given: dict[str, str], host: str, access: BucketAccess
) -> None:
    """The client of object stores panics at some of them."""
    field = "aws_url" if cloud is CloudType.AWS else "azure_url"
    with pytest.raises(AddressNotAllowed):
        find_bucket(cloud, "media", Credentials.model_validate({**given, field: f"https://{host}/"}), access)


async def test_names_that_make_no_host(access: BucketAccess) -> None:
    with pytest.raises(AddressNotAllowed):
        find_bucket(CloudType.AWS, "xn--zzzz99999", Credentials.model_validate(S3), access)
