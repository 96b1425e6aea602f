"""Requests to an ASGI application without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Scope


@dataclass(frozen=True, slots=True)
class Reply:
    """A response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


async def request(
    app: ASGIApp,
    method: str,
    target: str,
    body: bytes | Iterable[bytes] = b"",
    *,
    headers: Iterable[tuple[str | bytes, str | bytes]] = (),
    hang_up: asyncio.Event | None = None,
) -> Reply:
    """Send one request and wait for the answer.

    Args:
        target: path, with `?query` where there is one.
        body: the whole, or its chunks.
        headers: as they are sent; bytes may be anything.
        hang_up: the client disconnects when this is set; without, it waits for ever.
    """
    chunks = iter([body] if isinstance(body, bytes) else list(body) or [b""])
    messages = _incoming(list(chunks))
    gone = hang_up or asyncio.Event()
    sent: list[Message] = []

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_scope(method, target, headers), receive, send)
    start = sent[0]
    return Reply(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


async def post_json(app: ASGIApp, target: str, value: Any, **more: Any) -> Reply:
    """POST a value as JSON."""
    headers = [("content-type", "application/json"), *more.pop("headers", ())]
    return await request(app, "POST", target, json.dumps(value).encode(), headers=headers, **more)


def _incoming(chunks: list[bytes]) -> list[Message]:
    last = len(chunks) - 1
    return [
        {"type": "http.request", "body": chunk, "more_body": index < last} for index, chunk in enumerate(chunks)
    ]


def _scope(method: str, target: str, headers: Iterable[tuple[str | bytes, str | bytes]]) -> Scope:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(_bytes(name).lower(), _bytes(value)) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
