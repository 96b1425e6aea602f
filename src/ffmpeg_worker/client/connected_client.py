"""The part that both clients share: the HTTP API or the RunPod endpoint that they call."""

from __future__ import annotations

from typing import ClassVar, Self

from ffmpeg_worker.client.calls import Calls
from ffmpeg_worker.client.connect import RETRIES, call_api, call_runpod, find_api, show_url
from ffmpeg_worker.client.location import ApiLocation
from ffmpeg_worker.client.transport import Transport


class ConnectedClient:
    """A client of one API or endpoint. Its `repr` shows no secret."""

    _transport: ClassVar[type[Transport]]

    def __init__(self, base_url: str | None = None, *, api_key: str | None = None, retries: int = RETRIES) -> None:
        """Use the HTTP API of a worker.

        Args:
            base_url: URL of the server, with or without `/api`. Default: FFMPEG_API_BASE_URL.
            api_key: a key that it accepts; "" for none. Default: the first of FFMPEG_WORKER_API_KEYS.
            retries: attempts of one request after the first.

        Raises:
            Misconfigured: the URL or the key cannot be used.
        """
        location = find_api(base_url, api_key)
        self._where = show_url(location.url)
        self._calls = call_api(location, self._transport(), retries)

    @classmethod
    def for_runpod(
        cls,
        endpoint_id: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        retries: int = RETRIES,
    ) -> Self:
        """Use a RunPod endpoint that runs this worker.

        Args:
            endpoint_id: its id; "" if `base_url` is that of the endpoint itself, such as RunPod's local server.
            api_key: a RunPod API key. Default: RUNPOD_API_KEY.
            base_url: URL of all endpoints. Default: RUNPOD_ENDPOINT_BASE_URL, else RunPod's own.
            retries: attempts of one request after the first.

        Raises:
            Misconfigured: the URL or the key cannot be used.
        """
        url, calls = call_runpod(endpoint_id, api_key, base_url, cls._transport(), retries)
        return cls._of(show_url(url), calls)

    @classmethod
    def at(cls, location: ApiLocation, *, retries: int = RETRIES) -> Self:
        """Use an API that may be starting or gone, such as a `LocalServer`."""
        return cls._of(type(location).__name__, call_api(location, cls._transport(), retries))

    @classmethod
    def _of(cls, where: str, calls: Calls) -> Self:
        client = cls.__new__(cls)
        client._where, client._calls = where, calls  # noqa: SLF001 - of its own class
        return client

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._where!r})"
