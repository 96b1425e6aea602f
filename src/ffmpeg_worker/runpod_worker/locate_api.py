"""Finds the API that runs the jobs: at the operator's URL, one that already runs here, or one started here."""

# This runs before anything else is imported: the API starts while the rest of the worker loads.
from __future__ import annotations

import http.client
import os
import socket
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ffmpeg_worker.client.local_server import LocalServer
from ffmpeg_worker.client.location import DEFAULT_BASE_URL, ApiLocation, ExternalApi, health_url, read_health
from ffmpeg_worker.env_file import has_env_file, read_env_file
from ffmpeg_worker.errors import Misconfigured

if TYPE_CHECKING:
    from ffmpeg_worker.settings import Settings

VOLUME = Path("/runpod-volume")
"""Where RunPod mounts a network volume."""

_CONNECT_TIMEOUT_S = 0.25
_HEALTH_TIMEOUT_S = 2.0
_MAX_HEALTH_BYTES = 65536
# The API needs no keys for RunPod's platform, and its child processes run untrusted commands.
_WITHHELD = ("RUNPOD_AI_API_KEY", "RUNPOD_API_KEY", "FFMPEG_WORKER_RUNPOD_API_KEY")


def locate_api(settings: Settings) -> ApiLocation:
    """Return the API to use; start one if no URL is set and none runs at the default URL. Blocks up to 2 s.

    Raises:
        Misconfigured: FFMPEG_API_BASE_URL is not an HTTP URL.
    """
    url = settings.api_base_url.rstrip("/")
    _check_url(url)
    if settings.api_base_url_is_set or _is_healthy(url):
        return ExternalApi(url, settings.api_keys[0].get_secret_value() if settings.api_keys else None)
    return _start_server()


def start_unless_running() -> ApiLocation | None:
    """Do the same as `locate_api` before the settings are read; return None if an API runs at the default URL."""
    return None if _is_healthy(DEFAULT_BASE_URL) else _start_server()


def _start_server() -> LocalServer:
    inherited = {name: value for name, value in os.environ.items() if name not in _WITHHELD}
    # RunPod is the queue. One of our own would keep jobs on a disk that is deleted with the worker.
    inherited["FFMPEG_WORKER_QUEUE"] = "off"
    root = find_volume()
    server = LocalServer(inherited if root is None else inherited | {"FS_PATH": str(root)})
    server.start()
    return server


def find_volume() -> Path | None:
    """Return the mounted network volume, which is the data root unless the operator chose one."""
    names = read_env_file() if has_env_file([VOLUME]) else []
    given = [name for name, value in os.environ.items() if value]  # an empty variable is one that is not set
    is_chosen = any(name.upper() == "FS_PATH" for name in (*given, *names))
    return VOLUME if VOLUME.is_dir() and not is_chosen else None


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Misconfigured(
            "FFMPEG_API_BASE_URL is not an HTTP URL.", hint="For example http://localhost:3000/api."
        )


def _is_healthy(base_url: str) -> bool:
    """Ask for the health of the API at this URL, with an HTTP client that imports fast."""
    parts = urlsplit(health_url(base_url))
    host, port = parts.hostname or "localhost", parts.port or 80
    try:
        socket.create_connection((host, port), _CONNECT_TIMEOUT_S).close()
        with closing(http.client.HTTPConnection(host, port, timeout=_HEALTH_TIMEOUT_S)) as connection:
            connection.request("GET", parts.path)
            with connection.getresponse() as response:
                return read_health(response.status, response.read(_MAX_HEALTH_BYTES)) is not None
    except (OSError, http.client.HTTPException):
        return False
