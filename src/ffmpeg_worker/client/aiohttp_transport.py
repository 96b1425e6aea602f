"""The transport of the async client: aiohttp, with a new connection for every request.

It keeps no connections: RunPod's SDK runs several event loops one after another without telling when one ends, and
a kept connection that the server closes meanwhile fails a POST that cannot be repeated.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

import aiohttp

from ffmpeg_worker.client.transport import (
    CONNECT_TIMEOUT_S,
    BodyCut,
    ConnectionLost,
    FilePart,
    NotConnected,
    NotHttp,
    Request,
    Response,
    TimedOut,
)

_NOT_HTTP = (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, ValueError)


@dataclass(frozen=True, slots=True)
class AiohttpResponse:
    """See `Response`."""

    response: aiohttp.ClientResponse
    headers: Mapping[str, str]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    async def chunks(self) -> AsyncIterator[bytes]:
        """See `Response.chunks`."""
        try:
            async for chunk in self.response.content.iter_any():
                yield chunk
        except aiohttp.SocketTimeoutError:
            raise TimedOut("it was silent for too long.") from None
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise BodyCut(f"it was cut off ({type(error).__name__}).") from None
        except _NOT_HTTP as error:
            raise NotHttp(f"it is not HTTP ({type(error).__name__}).") from None


class AiohttpTransport:
    """See `Transport`."""

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Response]:
        """See `Transport.open`."""
        timeout = asyncio.timeout(request.timeout_s)
        try:
            async with timeout, _open_session(request) as session:
                # `close` awaits nothing, so a second cancellation cannot interrupt it.
                with closing(await _send(session, request)) as response:
                    headers = {name.lower(): value for name, value in response.headers.items()}
                    yield AiohttpResponse(response, headers)
        except TimeoutError:
            if not timeout.expired():
                raise
            raise TimedOut(f"it does not respond within {request.timeout_s:g} seconds.") from None

    async def sleep(self, seconds: float) -> None:
        """Wait while other tasks run."""
        await asyncio.sleep(seconds)


def _open_session(request: Request) -> aiohttp.ClientSession:
    # Bytes of the response are missing too while a long body is sent.
    silence_s = None if isinstance(request.body, FilePart) else request.silence_s
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=silence_s),
        auto_decompress=False,
    )


async def _send(session: aiohttp.ClientSession, request: Request) -> aiohttp.ClientResponse:
    body, headers = request.body, dict(request.headers)
    if isinstance(body, FilePart):
        headers["Content-Length"] = str(body.length)
        data = _Blocks(body)
    try:
        return await session.request(
            request.method,
            request.url,
            data=data if isinstance(body, FilePart) else body,
            headers=headers,
            allow_redirects=False,
        )
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotConnected(_describe(error)) from None
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        raise ConnectionLost("it closed the connection before it responded.") from None
    except aiohttp.SocketTimeoutError:
        raise TimedOut("it was silent for too long.") from None
    except _NOT_HTTP as error:
        raise NotHttp(f"it is not HTTP ({type(error).__name__}).") from None


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The blocks of a part, from its start each time: aiohttp itself repeats a PUT once."""

    part: FilePart

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        for block in self.part.blocks():
            yield block


def _describe(error: Exception) -> str:
    """Say why there is no connection; the numbers of errors of names are negative."""
    cause = getattr(error, "os_error", None) or error
    number = getattr(cause, "errno", None) or 0
    text = os.strerror(number) if number > 0 else getattr(cause, "strerror", None)
    return f"{text or type(cause).__name__}."
