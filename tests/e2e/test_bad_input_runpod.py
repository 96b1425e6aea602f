"""Bad jobs through the RunPod worker fail with an error text, and the same code and fault as over HTTP."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.client.local_server import LocalServer
from ffmpeg_worker.runpod_worker.worker import RunpodWorker
from support.jobs.bad_jobs import BAD_JOBS, GOOD_JOB, SECRET, BadJob, make_files
from support.wait_until import until


@pytest.fixture(scope="module")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with the files that the bad jobs name."""
    root = tmp_path_factory.mktemp("bad") / "data"
    make_files(root)
    return root


@pytest.fixture(scope="module")
def worker(data_root: Path) -> Iterator[RunpodWorker]:
    """A RunPod handler with an API in a child process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FFMPEG_")]:
            patch.delenv(name)
        patch.setenv("FS_PATH", str(data_root))
        patch.setenv("FFMPEG_WORKER_SCRATCH_ROOT", str(data_root.parent / "scratch"))
        api = LocalServer(os.environ)
        api.start()
        until(lambda: api.base_url() is not None, within_s=30)
    yield RunpodWorker(ApiClient(api, timeout_s=60), 1 << 20)
    api.close()


@pytest.mark.parametrize("bad", BAD_JOBS, ids=str)
@pytest.mark.sampled(3)
async def test_a_bad_job(
    worker: RunpodWorker, data_root: Path, capfd: pytest.CaptureFixture[str], bad: BadJob
) -> None:
    asked: dict[str, Any] = {"action": bad.action, "data": bad.data, **bad.common}
    before = {path.name: path.stat().st_mtime_ns for path in data_root.iterdir()}
    response = await worker.handle({"id": bad.name, "input": asked})
    details = response["details"]
    assert isinstance(response["error"], str)
    assert (details["code"], details["fault"], details["retryable"]) == (bad.code, bad.fault, bad.retryable)
    assert bad.word.lower() in f"{response['error']} {details.get('hint')} {details.get('where')}".lower()
    assert SECRET not in json.dumps(response)
    assert SECRET not in "".join(capfd.readouterr())
    assert {path.name: path.stat().st_mtime_ns for path in data_root.iterdir()} == before


async def test_after_all_of_them_a_good_job_still_works(worker: RunpodWorker) -> None:
    response = await worker.handle({"id": "good", "input": {"action": "process", "data": GOOD_JOB}})
    assert response["success"] is True, response
