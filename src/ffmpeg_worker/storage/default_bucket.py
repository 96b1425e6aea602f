"""The operator's bucket for jobs that name no destination."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import ValidationError

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.settings import Settings


def default_bucket(settings: Settings) -> Upload | None:
    """The destination of jobs without `upload`; `None` stands for the data root.

    Raises:
        Misconfigured: the bucket has no name, or its credentials are incomplete.
    """
    cloud = CloudType(settings.cloud_storage_type)
    if cloud is CloudType.LOCAL and settings.bucket_endpoint_url:
        cloud = CloudType.AWS
    if cloud is CloudType.LOCAL:
        return None
    endpoint, bucket = _split_endpoint(settings.bucket_endpoint_url, settings.bucket_name)
    if not bucket:
        raise Misconfigured(
            "A store for outputs is configured, but not its bucket.",
            hint="Set BUCKET_NAME, or CLOUD_STORAGE_TYPE=LOCAL.",
        )
    try:
        return Upload(
            bucket=bucket,
            key=settings.bucket_prefix,
            cloud_type=cloud,
            credentials=_credentials(settings, cloud, endpoint),
            presign=None if settings.bucket_public_url else settings.bucket_presign_s or None,
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Misconfigured(
            f"The bucket for outputs is misconfigured: {first['msg']}",
            hint="Check BUCKET_NAME, FFMPEG_WORKER_BUCKET_PREFIX, FFMPEG_WORKER_BUCKET_PUBLIC_URL and "
            "CLOUD_STORAGE_TYPE.",
        ) from None


def _credentials(settings: Settings, cloud: CloudType, endpoint: str | None) -> Credentials:
    """The bucket's credentials; fields that are not set are taken from the worker's environment."""
    key_id, secret = settings.bucket_access_key_id, settings.bucket_secret_access_key
    if bool(key_id) != bool(secret):
        raise Misconfigured(
            "Only one of BUCKET_ACCESS_KEY_ID and BUCKET_SECRET_ACCESS_KEY is set.", hint="Set both or neither."
        )
    public = settings.bucket_public_url
    if cloud in {CloudType.AWS, CloudType.R2}:
        given = {"aws_url": endpoint, "aws_public_url": public}
        if key_id and secret:
            given |= {
                "aws_access_key_id": key_id.get_secret_value(),
                "aws_secret_access_key": secret.get_secret_value(),
            }
    elif cloud is CloudType.GCP:
        given = {"gcp_public_url": public}
    else:
        given = {"azure_url": endpoint, "azure_public_url": public}
    return Credentials.model_validate(given)


def _split_endpoint(url: str | None, bucket: str | None) -> tuple[str | None, str | None]:
    """Endpoint and bucket; RunPod allows the bucket's name in the endpoint, before the host or as the path."""
    if url is None or bucket:
        return url, bucket
    parts = urlsplit(url)
    if parts.path.strip("/"):
        return f"{parts.scheme}://{parts.netloc}", parts.path.strip("/").partition("/")[0]
    name, _, host = parts.netloc.partition(".")
    return (f"{parts.scheme}://{host}", name) if host.count(".") >= 1 else (url, None)
