"""Runs a job on the route of its action: one request, whose response is the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ffmpeg_worker.client.errors import bad_response, timed_out, unreachable
from ffmpeg_worker.client.exchange import NOT_RUNNING, Exchange, NothingSent, explain, read_body
from ffmpeg_worker.client.read_response import ENDED_EARLY, NDJSON, OnProgress, read_progress
from ffmpeg_worker.client.transport import (
    SILENCE_TIMEOUT_S,
    BodyCut,
    Request,
    Response,
    TimedOut,
    TransportError,
    media_type,
)

MAX_RESPONSE_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class RouteCall:
    """A job for the route at `path` below the base URL.

    `timeout_s` is the longest time to wait for the response. Without it, only the progress that is reported every
    few seconds shows that the API is still there.
    """

    path: str
    body: bytes = field(repr=False)
    timeout_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RouteResponse:
    """Status, headers and body of the response to a job."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


async def run_on_route(
    exchange: Exchange, call: RouteCall, on_progress: OnProgress | None = None
) -> RouteResponse:
    """Send a job, and return the response. Closing the connection stops the job.

    Raises:
        NothingSent: there was no connection.
        ApiError: `api_unreachable`, `api_timeout` or `api_bad_answer`.
    """
    base_url = exchange.location.base_url()
    if base_url is None:
        raise NothingSent(unreachable(NOT_RUNNING).problem)
    kinds = {"Content-Type": "application/json", "Accept": "application/json" if on_progress is None else NDJSON}
    headers = {**exchange.headers(), **kinds, **call.headers}
    silence_s = SILENCE_TIMEOUT_S if call.timeout_s is None and on_progress is not None else None
    request = Request("POST", base_url + call.path, headers, call.body, call.timeout_s, silence_s)
    try:
        async with exchange.transport.open(request) as response:
            status, body = await _read(response, on_progress)
            return RouteResponse(status, response.headers, body)
    except TimedOut as error:
        raise (unreachable(str(error)) if call.timeout_s is None else timed_out(call.timeout_s)) from None
    except BodyCut as error:
        raise bad_response(str(error)) from None
    except TransportError as error:
        raise explain(error) from None


async def _read(response: Response, on_progress: OnProgress | None) -> tuple[int, bytes]:
    if on_progress is None or media_type(response) != NDJSON:
        return response.status, await read_body(response, max_bytes=MAX_RESPONSE_BYTES)
    try:
        return await read_progress(response.chunks(), on_progress, max_bytes=MAX_RESPONSE_BYTES)
    except BodyCut:
        raise unreachable(ENDED_EARLY) from None
