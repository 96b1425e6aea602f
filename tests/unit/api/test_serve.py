"""Serving: the listening socket, and the signals and pipes that stop the server."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from pathlib import Path

import pytest

from ffmpeg_worker.api.http_server import listen, url_of
from ffmpeg_worker.api.serve import serve
from ffmpeg_worker.api.stop_signals import share_log, stop_on_end_of, stop_on_signals
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.settings import read_settings


async def test_a_public_address_needs_an_api_key() -> None:
    with pytest.raises(Misconfigured, match="API key"):
        await serve(read_settings(host="0.0.0.0", api_keys=""))


def test_a_port_in_use() -> None:
    with listen("127.0.0.1", 0) as listener, pytest.raises(Misconfigured, match="cannot be bound") as caught:
        listen("127.0.0.1", listener.getsockname()[1])
    assert "PORT" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("host", "prefix"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("0.0.0.0", "http://127.0.0.1:"),
        ("::1", "http://[::1]:"),
        ("::", "http://[::1]:"),
    ],
)
def test_the_url_reaches_the_listener(host: str, prefix: str) -> None:
    if ":" in host and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with listen(host, 0) as listener:
        assert url_of(listener) == f"{prefix}{listener.getsockname()[1]}"


def test_connections_do_not_wait_for_acknowledgements() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_server(number: signal.Signals) -> None:
    stop = asyncio.Event()
    with stop_on_signals(stop):
        os.kill(os.getpid(), number)
        async with asyncio.timeout(5):
            await stop.wait()


async def test_the_end_of_the_lifeline_stops_the_server_and_data_does_not() -> None:
    stop = asyncio.Event()
    lifeline, other_end = os.pipe()
    with stop_on_end_of(lifeline, stop):
        os.write(other_end, b"data")
        await asyncio.sleep(0.01)
        assert not stop.is_set()
        os.close(other_end)
        async with asyncio.timeout(5):
            await stop.wait()
    os.close(lifeline)


async def test_a_lifeline_whose_end_cannot_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    with pytest.raises(Misconfigured, match="lifeline"), stop_on_end_of(descriptor, asyncio.Event()):
        raise AssertionError
    os.close(descriptor)


def test_lines_of_uvicorn_go_to_our_log_only_while_serving(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = logging.getLogger("ffmpeg_worker"), logging.getLogger("uvicorn.error")
    handler = logging.NullHandler()
    monkeypatch.setattr(ours, "handlers", [handler])
    before = (theirs.handlers, theirs.propagate)
    with share_log():
        assert (theirs.handlers, theirs.propagate) == ([handler], False)
    assert (theirs.handlers, theirs.propagate) == before
