"""Entry points of the RunPod worker: with the SDK on RunPod, with one test job elsewhere."""

# Slow imports stand where they are needed: the API starts meanwhile, in its own process, and the SDK's heartbeat
# process imports this file again where processes are spawned.
# ruff: noqa: PLC0415
from __future__ import annotations

import atexit
import functools
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ffmpeg_worker.client.api_client import ApiClient
    from ffmpeg_worker.client.location import ApiLocation
    from ffmpeg_worker.runpod_worker.worker import JobRunner, RunpodWorker
    from ffmpeg_worker.settings import Settings


async def handler(job: dict[str, Any]) -> dict[str, Any]:
    """Run `RunpodWorker.handle` for RunPod's SDK, on a worker that is opened with the first job."""
    from ffmpeg_worker.errors import WorkerError
    from ffmpeg_worker.runpod_worker.handler_output import failure

    try:
        worker = _worker()
    except WorkerError as error:
        return failure(error)
    return await worker.handle(job)


def main(folder: Path) -> int:
    """Run as a program, with its arguments and environment; `folder` has the test inputs. Return its status.

    The arguments are those of RunPod's SDK. Without any, outside of RunPod, it runs a test input.
    """
    from ffmpeg_worker.env_file import enter_project
    from ffmpeg_worker.errors import Misconfigured
    from ffmpeg_worker.standard_output import run_with_output

    enter_project(folder.parent)
    try:
        if "RUNPOD_WEBHOOK_GET_JOB" not in os.environ and len(sys.argv) == 1:
            from ffmpeg_worker.runpod_worker.local_test import run_test_job

            return run_with_output(lambda: run_test_job(folder / _settings().test_input_file_name, _worker))
        return _serve_platform()
    except Misconfigured as error:
        sys.stderr.write(f"{error.message} {error.hint or ''}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _serve_platform() -> int:
    # SIGTERM does not end the first process of a container unless it has a handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    location = _api_location()  # before the SDK, whose import takes as long as the start of the API
    from ffmpeg_worker.runpod_worker.fitness_checks import make_checks
    from ffmpeg_worker.runpod_worker.job_loop import JobLoop
    from ffmpeg_worker.runpod_worker.platform import Platform
    from ffmpeg_worker.runpod_worker.sdk import Handler, load_sdk, start_sdk
    from ffmpeg_worker.runpod_worker.worker import RunpodWorker

    sdk = load_sdk()
    settings = _settings()
    client, platform = _make_client(location), Platform(sdk)
    post_progress = platform.post_progress if "RUNPOD_WEBHOOK_POST_OUTPUT" in os.environ else None
    worker = RunpodWorker(_make_runner(client, settings), settings.max_body_bytes, post_progress)
    max_concurrency, shutdown_s = settings.max_concurrency, settings.shutdown_s

    def run_jobs(run_job: Handler, in_progress: Any) -> Coroutine[Any, Any, None]:
        loop = JobLoop(platform, run_job, in_progress, max_concurrency=max_concurrency, shutdown_s=shutdown_s)
        return loop.run()

    checks = make_checks(client, must_confine=settings.sandbox == "require")
    start_sdk(sdk, worker.handle, checks, run_jobs, max_concurrency=max_concurrency)
    return 0


def _make_runner(client: ApiClient, settings: Settings) -> JobRunner:
    if settings.runpod_fan_out is None:
        return client
    from ffmpeg_worker.client.aiohttp_transport import AiohttpTransport
    from ffmpeg_worker.client.runpod_endpoint import RunpodEndpoint, endpoint_url
    from ffmpeg_worker.errors import Misconfigured
    from ffmpeg_worker.runpod_worker.fan_out import FanOut

    if settings.runpod_api_key is None or settings.runpod_endpoint_id is None:
        raise Misconfigured(
            "Jobs cannot be split without an API key for the endpoint that runs the parts.",
            hint="Set FFMPEG_WORKER_RUNPOD_API_KEY (and RUNPOD_ENDPOINT_ID outside of RunPod), "
            "or leave out FFMPEG_WORKER_RUNPOD_FAN_OUT.",
        )
    url = endpoint_url(settings.runpod_base_url, settings.runpod_endpoint_id)
    return FanOut(
        client,
        RunpodEndpoint(url, settings.runpod_api_key.get_secret_value(), AiohttpTransport()),
        min_processes=settings.runpod_fan_out,
        workers=settings.runpod_fan_out_workers,
        queue_s=settings.runpod_fan_out_queue_s,
        option_policy=settings.option_policy == "on",
    )


@functools.cache
def _settings() -> Settings:
    from ffmpeg_worker.logs import configure_logging
    from ffmpeg_worker.runpod_worker.locate_api import find_volume
    from ffmpeg_worker.settings import read_settings

    # The same data root as the API's: settings are not read from a file in it.
    root = find_volume()
    settings = read_settings() if root is None else read_settings(data_root=root)
    configure_logging(settings.log_level)
    return settings


@functools.cache
def _api_location() -> ApiLocation:
    from ffmpeg_worker.env_file import has_env_file
    from ffmpeg_worker.runpod_worker.locate_api import locate_api, start_unless_running

    # The API takes longest to start. If its URL cannot have been set, it does not wait for the settings.
    may_be_set = any(name.upper() == "FFMPEG_API_BASE_URL" for name in os.environ) or has_env_file()
    location = None if may_be_set else start_unless_running()
    location = location or locate_api(_settings())
    atexit.register(location.close)
    return location


@functools.cache
def _worker() -> RunpodWorker:
    location = _api_location()
    from ffmpeg_worker.runpod_worker.worker import RunpodWorker

    return RunpodWorker(_make_client(location), _settings().max_body_bytes)


def _make_client(location: ApiLocation) -> ApiClient:
    from ffmpeg_worker.client.api_client import ApiClient

    settings = _settings()
    max_timeout_s = settings.api_timeout_s if settings.api_timeout_is_set else None
    return ApiClient(location, timeout_s=settings.api_timeout_s, max_timeout_s=max_timeout_s)
