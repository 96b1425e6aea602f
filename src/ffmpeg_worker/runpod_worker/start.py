"""How the RunPod worker starts: in production with the SDK, on a plain machine with a test job."""

# What takes long to import is imported where it is needed: the HTTP door starts meanwhile, in its own process,
# and the SDK's heartbeat process imports this file again where processes are spawned.
# ruff: noqa: PLC0415
from __future__ import annotations

import atexit
import functools
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ffmpeg_worker.runpod_worker.client import ApiClient
    from ffmpeg_worker.runpod_worker.fan_out import FanOut
    from ffmpeg_worker.runpod_worker.locate_api import ApiLocation
    from ffmpeg_worker.runpod_worker.worker import RunpodWorker
    from ffmpeg_worker.settings import Settings


async def handler(job: dict[str, Any]) -> dict[str, Any]:
    """The handler for RunPod's SDK: `RunpodWorker.handle`, on a worker that is opened with the first job."""
    from ffmpeg_worker.errors import WorkerError
    from ffmpeg_worker.runpod_worker.handler_output import failure

    try:
        worker = _worker()
    except WorkerError as error:
        return failure(error.as_problem())
    return await worker.handle(job)


def main(folder: Path) -> int:
    """Run as a program, with its arguments and environment; returns the exit status.

    Args:
        folder: where the test input lies.
    """
    from ffmpeg_worker.errors import Misconfigured

    try:
        if "RUNPOD_WEBHOOK_GET_JOB" not in os.environ and len(sys.argv) == 1:
            return _run_locally(folder)
        return _serve_platform()
    except Misconfigured as error:
        sys.stderr.write(f"{error.message} {error.hint or ''}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _run_locally(folder: Path) -> int:
    from ffmpeg_worker.errors import InvalidJob
    from ffmpeg_worker.runpod_worker.local_test import print_refusal, read_test_job, run_test_job

    try:
        job = read_test_job(folder / _settings().test_input_file_name)
    except InvalidJob as error:
        return print_refusal(error)
    return run_test_job(job, _worker())


def _serve_platform() -> int:
    # The first process of a container is not ended by SIGTERM unless it asks to be.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    place = _place()  # before the SDK, which takes as long to import as the HTTP door to start
    from ffmpeg_worker.runpod_worker.fitness_checks import make_checks
    from ffmpeg_worker.runpod_worker.platform import Platform
    from ffmpeg_worker.runpod_worker.sdk import load_sdk, start_sdk
    from ffmpeg_worker.runpod_worker.worker import RunpodWorker

    sdk = load_sdk()
    settings = _settings()
    client, platform = _client(place), Platform(sdk)
    is_platform = "RUNPOD_WEBHOOK_POST_OUTPUT" in os.environ
    runner = _fan_out(client, settings) if settings.runpod_fan_out is not None else client
    worker = RunpodWorker(runner, settings.max_body_bytes, platform.tell if is_platform else None)
    start_sdk(
        sdk,
        platform,
        worker.handle,
        make_checks(client, must_confine=settings.sandbox == "require"),
        slots=settings.max_concurrency,
        finish_s=settings.shutdown_s,
    )
    return 0


def _fan_out(client: ApiClient, settings: Settings) -> FanOut:
    from ffmpeg_worker.errors import Misconfigured
    from ffmpeg_worker.runpod_worker.endpoint import Endpoint
    from ffmpeg_worker.runpod_worker.fan_out import FanOut

    if settings.runpod_api_key is None or settings.runpod_endpoint_id is None or settings.runpod_fan_out is None:
        raise Misconfigured(
            "Jobs cannot be cut into parts without a key for the endpoint that the parts are sent to.",
            hint="Set FFMPEG_WORKER_RUNPOD_API_KEY (and RUNPOD_ENDPOINT_ID outside of RunPod), "
            "or leave out FFMPEG_WORKER_RUNPOD_FAN_OUT.",
        )
    base = settings.runpod_base_url.rstrip("/")
    name = settings.runpod_endpoint_id
    return FanOut(
        client,
        # In tests of RunPod's Hub the id is a part of the base.
        Endpoint(base if base.endswith(f"/{name}") else f"{base}/{name}", settings.runpod_api_key),
        least=settings.runpod_fan_out,
        workers=settings.runpod_fan_out_workers,
        queue_s=settings.runpod_fan_out_queue_s,
        option_policy=settings.option_policy == "on",
    )


@functools.cache
def _settings() -> Settings:
    from ffmpeg_worker.logs import configure_logging
    from ffmpeg_worker.settings import read_settings

    settings = read_settings()
    configure_logging(settings.log_level)
    return settings


@functools.cache
def _place() -> ApiLocation:
    from ffmpeg_worker.runpod_worker.locate_api import locate_api, start_unless_running

    # The HTTP door needs longer than all else; where nobody can have named one, it need not wait for the settings.
    is_named = any(name.upper() == "FFMPEG_API_BASE_URL" for name in os.environ) or Path(".env").exists()
    place = None if is_named else start_unless_running()
    place = place or locate_api(_settings())
    atexit.register(place.close)
    return place


@functools.cache
def _worker() -> RunpodWorker:
    place = _place()
    from ffmpeg_worker.runpod_worker.worker import RunpodWorker

    return RunpodWorker(_client(place), _settings().max_body_bytes)


def _client(place: ApiLocation) -> ApiClient:
    from ffmpeg_worker.runpod_worker.client import ApiClient

    settings = _settings()
    longest_s = settings.api_timeout_s if settings.api_timeout_is_set else None
    return ApiClient(place, timeout_s=settings.api_timeout_s, longest_s=longest_s)
