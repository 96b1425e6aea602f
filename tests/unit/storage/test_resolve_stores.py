"""Destinations of jobs, and the credentials that open them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.credentials import Credentials
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.remote_stores import RemoteStores, open_remote_stores
from ffmpeg_worker.storage.resolve_stores import StoreResolver

OWN = Credentials.model_validate({"aws_access_key_id": "own", "aws_secret_access_key": "own-secret"})
THEIRS = {"aws_access_key_id": "theirs", "aws_secret_access_key": "their-secret"}
DEFAULT = Upload.model_validate(
    {"bucket": "own", "key": "out/", "cloud_type": "AWS", "credentials": OWN, "presign": 60}
)


async def open_nothing() -> RemoteStores:
    raise AssertionError("no remote store is needed here")


def resolver(tmp_path: Path, default: Upload | None = DEFAULT) -> StoreResolver:
    return StoreResolver(LocalRoots(tmp_path, ()), open_nothing, default)


def job(upload: Any = None, action: str = "process") -> Any:
    data = {"process": {"chainCmds": "-i a.mp4 b.mp4"}, "probe": {"input": "a.mp4"}}.get(
        action, {"input": "a.mp4"}
    )
    return parse_job({"action": action, "data": data} | ({} if upload is None else {"upload": upload}))


@pytest.mark.parametrize(
    ("given", "bucket", "key", "is_own"),
    [
        (None, "own", "out/id/", True),
        ({"key": "mine.mp4"}, "own", "mine.mp4", True),
        ({"bucket": "own", "key": "mine.mp4"}, "own", "mine.mp4", True),
        ({"bucket": "own", "credentials": THEIRS}, "own", "", False),
        ({"bucket": "other"}, "other", "", False),
        ({"bucket": "own", "cloud_type": "GCP"}, "own", "", False),
        ({"url": "s3://own/k.mp4"}, "own", "k.mp4", True),
        ({"url": "s3://other/k.mp4"}, "other", "k.mp4", False),
    ],
)
def test_bucket_and_credentials(tmp_path: Path, given: Any, bucket: str, key: str, is_own: bool) -> None:
    found = resolver(tmp_path).destination(job(given), "id")
    assert found is not None
    assert found.location is not None
    assert (found.location.bucket, found.location.key) == (bucket, key)
    assert (found.credentials == OWN) == is_own


@pytest.mark.parametrize("given", [{"cloud_type": "LOCAL"}, {"url": "https://h.example/a?sig=x"}])
def test_a_destination_in_the_job_takes_precedence(tmp_path: Path, given: Any) -> None:
    found = resolver(tmp_path).destination(job(given), "id")
    assert found is not None
    assert found.credentials is None


@pytest.mark.parametrize("action", ["probe", "download"])
def test_some_actions_default_to_the_data_root(tmp_path: Path, action: str) -> None:
    assert resolver(tmp_path).destination(job(None, action), "id") is None


@pytest.mark.parametrize(
    ("given", "action", "code"), [({"key": "a"}, "process", "invalid_upload"), (None, "upload", "missing_field")]
)
def test_a_job_without_any_destination_is_refused(tmp_path: Path, given: Any, action: str, code: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        resolver(tmp_path, None).destination(job(given, action), "id")
    assert caught.value.code == code


async def test_local_jobs_open_no_remote_store(tmp_path: Path) -> None:
    opened = resolver(tmp_path, None)
    for given in (None, {"cloud_type": "local"}):
        stores = await opened.stores(opened.destination(job(given), "id"))
        assert not stores.target.accepts_early


@pytest.mark.parametrize("is_on", [True, False])
async def test_upload_while_encoding_can_be_switched_off(tmp_path: Path, *, is_on: bool) -> None:
    async with AsyncExitStack() as stack:
        settings = Settings(upload_while_encoding=is_on)
        remote = await open_remote_stores(stack, settings, tmp_path / "cache", {})
        opened = StoreResolver(LocalRoots(tmp_path, ()), partial(_return, remote), DEFAULT)
        target = (await opened.stores(DEFAULT)).target
        assert target.accepts_growing == is_on
        presigned = Upload.model_validate({"url": "https://h.example/a?sig=x"})
        assert not (await opened.stores(presigned)).target.accepts_growing


async def test_a_job_keeps_clients_of_its_own(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        remote = await open_remote_stores(stack, Settings(), tmp_path / "cache", {})
        assert remote.access.clients is None
        async with AsyncExitStack() as one, AsyncExitStack() as other:
            jobs = [await remote.for_job(one), await remote.for_job(other)]
            assert jobs[0].access.clients is not jobs[1].access.clients
            assert jobs[0].access.clients is jobs[0].own_access.clients is not None
            assert jobs[0].outbound is not jobs[1].outbound


async def _return(remote: RemoteStores) -> RemoteStores:
    return remote


def test_a_worker_starts_without_the_http_client() -> None:
    code = "import sys, ffmpeg_worker.open_services; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
