"""Outputs to buckets: what can be checked without a store."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.storage.objects.bucket import BucketAccess
from ffmpeg_worker.storage.objects.find_bucket import find_bucket
from ffmpeg_worker.storage.objects.target import BucketWriter
from ffmpeg_worker.storage.objects.upload_memory import UploadMemory


async def test_a_shared_access_signature_cannot_presign(access: BucketAccess) -> None:
    given = Credentials.model_validate({"azure_account_name": "acc", "azure_sas_token": "sig=x"})
    bucket = find_bucket(CloudType.AZURE, "media", given, access)
    BucketWriter(bucket, UploadMemory(80 << 20)).check("a.mp4")
    with pytest.raises(InvalidJob) as caught:
        BucketWriter(bucket, UploadMemory(80 << 20), presign_s=60).check("a.mp4")
    assert caught.value.code == "cannot_presign"
