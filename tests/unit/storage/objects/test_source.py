"""Cache keys of objects."""

from __future__ import annotations

from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.objects.bucket import BucketAccess
from ffmpeg_worker.storage.objects.source import BucketSource
from ffmpeg_worker.storage.transfer import DownloadLimits

S3 = {"aws_access_key_id": "id", "aws_secret_access_key": "secret"}


async def test_the_cache_key_contains_no_secret(access: BucketAccess) -> None:
    sources = BucketSource(access, DownloadLimits(1), {CloudType.AWS: Credentials.model_validate(S3)})
    assert sources.identity(FileSource(url="s3://media/a b.mp4")) == (
        "AWS https://media.s3.us-east-1.amazonaws.com/a%20b.mp4"
    )
    assert sources.identity(FileSource(url="gs://media/a.mp4")) is None
