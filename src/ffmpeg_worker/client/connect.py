"""Makes the calls of a client from its arguments and the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlsplit

from ffmpeg_worker.client.api_door import ApiDoor
from ffmpeg_worker.client.calls import Calls
from ffmpeg_worker.client.exchange import Exchange
from ffmpeg_worker.client.location import DEFAULT_BASE_URL, ApiLocation, ExternalApi, check_key, read_base_url
from ffmpeg_worker.client.runpod_door import RunpodDoor
from ffmpeg_worker.client.runpod_endpoint import RUNPOD_URL, RunpodEndpoint, endpoint_url
from ffmpeg_worker.client.transport import Transport
from ffmpeg_worker.errors import Misconfigured

RETRIES = 4
"""Attempts after the first one, unless the caller chooses."""

_FIRST_PAUSE_S = 0.5
_MAX_PAUSE_S = 8.0


def find_api(base_url: str | None, api_key: str | None) -> ExternalApi:
    """Return the API of these arguments, else of FFMPEG_API_BASE_URL and the first of FFMPEG_WORKER_API_KEYS.

    Raises:
        Misconfigured: the URL or the key cannot be used.
    """
    url = base_url or os.environ.get("FFMPEG_API_BASE_URL") or DEFAULT_BASE_URL
    key = os.environ.get("FFMPEG_WORKER_API_KEYS", "").partition(",")[0].strip() if api_key is None else api_key
    return ExternalApi(read_base_url(url), check_key(key))


def call_api(location: ApiLocation, transport: Transport, retries: int) -> Calls:
    """Return the calls of an API."""
    return Calls(ApiDoor(Exchange(transport, location, _pauses(retries))), transport)


def call_runpod(
    endpoint_id: str, api_key: str | None, base_url: str | None, transport: Transport, retries: int
) -> tuple[str, Calls]:
    """Return the URL and the calls of an endpoint; RUNPOD_API_KEY and RUNPOD_ENDPOINT_BASE_URL are the defaults.

    Raises:
        Misconfigured: the URL or the key cannot be used, or there is no key.
    """
    base = base_url or os.environ.get("RUNPOD_ENDPOINT_BASE_URL") or RUNPOD_URL
    key = check_key(os.environ.get("RUNPOD_API_KEY") if api_key is None else api_key)
    if key is None and base == RUNPOD_URL:
        raise Misconfigured("RunPod needs an API key.", hint="Give api_key, or set RUNPOD_API_KEY.")
    if not endpoint_id and base == RUNPOD_URL:
        raise Misconfigured("The id of the endpoint is missing.", hint="RunPod's console shows it.")
    read_base_url(base)
    url = endpoint_url(base, quote(endpoint_id, safe=""))
    endpoint = RunpodEndpoint(url, key, transport, pauses_s=_pauses(retries))
    return url, Calls(RunpodDoor(endpoint), transport)


def show_url(url: str | None) -> str:
    """Return a URL as it may be shown: without user, password and query."""
    parts = urlsplit(url or "")
    host = parts.hostname or "?"
    return f"{parts.scheme}://{host}{'' if parts.port is None else f':{parts.port}'}{parts.path}"


def make_filters(
    status: str | Sequence[str] | None,
    action: str | None,
    metadata: Mapping[str, str] | None,
    created_from: datetime | str | None,
    created_before: datetime | str | None,
) -> dict[str, str]:
    """Make the query of `GET /api/jobs`."""
    given = {
        "status": status if status is None or isinstance(status, str) else ",".join(status),
        "action": action,
        "created_from": _read_time(created_from),
        "created_before": _read_time(created_before),
        **{f"metadata.{name}": text for name, text in (metadata or {}).items()},
    }
    return {name: value for name, value in given.items() if value is not None}


def _read_time(time: datetime | str | None) -> str | None:
    return time.isoformat() if isinstance(time, datetime) else time


def _pauses(retries: int) -> tuple[float, ...]:
    return tuple(min(_FIRST_PAUSE_S * 2**number, _MAX_PAUSE_S) for number in range(retries))
