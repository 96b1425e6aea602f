"""A worker whose HTTP door is at an address that the test knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ffmpeg_worker.runpod_worker.client import ApiClient
from ffmpeg_worker.runpod_worker.locate_api import ExternalApi
from ffmpeg_worker.runpod_worker.worker import RunpodWorker

MakeWorker = Callable[..., RunpodWorker]


@pytest.fixture
def make_worker() -> MakeWorker:
    """Make a worker: base URL, then `timeout_s`, `ready_within_s`."""

    def make(base_url: str, *, timeout_s: float = 10, ready_within_s: float = 0.1) -> RunpodWorker:
        place = ExternalApi(base_url, "key")
        return RunpodWorker(ApiClient(place, timeout_s=timeout_s, ready_within_s=ready_within_s), 1 << 20)

    return make
