"""A worker whose API is at a URL that the test knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.client.location import ExternalApi
from ffmpeg_worker.runpod_worker.worker import RunpodWorker

MakeWorker = Callable[[str], RunpodWorker]


@pytest.fixture
def make_worker() -> MakeWorker:
    """Make a worker for the API with this base URL."""

    def make(base_url: str) -> RunpodWorker:
        client = ApiClient(ExternalApi(base_url, "key"), timeout_s=10, ready_timeout_s=0.1)
        return RunpodWorker(client, 1 << 20)

    return make
