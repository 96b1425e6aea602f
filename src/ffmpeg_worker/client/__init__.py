"""Client of the worker: of its HTTP API and of RunPod endpoints, blocking and async, with the same calls.

Names are loaded when they are used: `AsyncClient` brings aiohttp, `Client` the standard library alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ffmpeg_worker.client.async_client import AsyncClient
    from ffmpeg_worker.client.blocking_client import Client
    from ffmpeg_worker.client.errors import ApiError, JobCancelled, JobFailed, JobTimeout
    from ffmpeg_worker.client.job import EndEvent, Job, JobEvent, JobPage, Progress, ProgressEvent, StatusEvent
    from ffmpeg_worker.client.upload_file import StoredFile
    from ffmpeg_worker.client.webhooks import InvalidSignature, WebhookEvent, verify_webhook

__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "EndEvent",
    "InvalidSignature",
    "Job",
    "JobCancelled",
    "JobEvent",
    "JobFailed",
    "JobPage",
    "JobTimeout",
    "Progress",
    "ProgressEvent",
    "StatusEvent",
    "StoredFile",
    "WebhookEvent",
    "verify_webhook",
]

_HOMES = {
    "async_client": ("AsyncClient",),
    "blocking_client": ("Client",),
    "errors": ("ApiError", "JobCancelled", "JobFailed", "JobTimeout"),
    "job": ("EndEvent", "Job", "JobEvent", "JobPage", "Progress", "ProgressEvent", "StatusEvent"),
    "upload_file": ("StoredFile",),
    "webhooks": ("InvalidSignature", "WebhookEvent", "verify_webhook"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
