"""Which HTTP door the worker uses."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.runpod_worker import locate_api as module
from ffmpeg_worker.runpod_worker.locate_api import ExternalApi, health_url, locate_api, start_unless_running
from ffmpeg_worker.settings import Settings, read_settings
from support.servers.fake_api import raw_server, stand_in_api


class OwnApiDouble:
    """Counts instead of starting a process."""

    started = 0

    def start(self) -> None:
        OwnApiDouble.started += 1


@pytest.fixture(autouse=True)
def _no_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "OwnApi", OwnApiDouble)
    monkeypatch.setattr(OwnApiDouble, "started", 0)
    monkeypatch.delenv("FFMPEG_API_BASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def default_at(monkeypatch: pytest.MonkeyPatch, url: str) -> Settings:
    """Settings where nobody chose an address, and this one is the default."""
    settings = read_settings(api_base_url=url, api_keys="first,second")
    monkeypatch.setitem(settings.__dict__, "api_base_url_is_set", False)
    return settings


def test_the_address_that_the_operator_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFMPEG_API_BASE_URL", "http://api.example:1/api/")
    found = locate_api(read_settings(api_keys="first,second"))
    assert found == ExternalApi("http://api.example:1/api", "first")
    assert OwnApiDouble.started == 0


async def test_a_door_that_already_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stand_in_api() as api:
        found = await asyncio.to_thread(locate_api, default_at(monkeypatch, api.base_url))
    assert found == ExternalApi(api.base_url, "first")


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/api"
        assert isinstance(locate_api(default_at(monkeypatch, url)), OwnApiDouble)
    assert OwnApiDouble.started == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"database":"ok"}',
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
async def test_some_other_server_has_the_port(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    async with raw_server(answer) as url:
        found = await asyncio.to_thread(locate_api, default_at(monkeypatch, f"{url}/api"))
    assert isinstance(found, OwnApiDouble)


def test_the_shortcut_asks_at_the_settings_default(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answers(url: str) -> bool:
        asked.append(url)
        return len(asked) == 2

    monkeypatch.setattr(module, "_answers", answers)
    assert isinstance(start_unless_running(), OwnApiDouble)
    assert start_unless_running() is None
    assert set(asked) == {read_settings().api_base_url}
    assert OwnApiDouble.started == 1


@pytest.mark.parametrize("url", ["", "localhost:3000/api", "ftp://host/api", "http://", "http://host:port/api"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(Misconfigured, match="FFMPEG_API_BASE_URL"):
        locate_api(read_settings(api_base_url=url))


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://localhost:3000/api", "http://localhost:3000/health"),
        ("http://localhost:3000/api/", "http://localhost:3000/health"),
        ("https://host/prefix/api", "https://host/prefix/health"),
        ("http://host", "http://host/health"),
    ],
)
def test_where_health_is_told(base_url: str, expected: str) -> None:
    assert health_url(base_url) == expected
