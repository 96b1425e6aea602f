"""Which API the worker uses, and how it starts its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from ffmpeg_worker.client.local_server import LocalServer
from ffmpeg_worker.client.location import ExternalApi
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.runpod_worker import locate_api as module
from ffmpeg_worker.runpod_worker.locate_api import locate_api, start_unless_running
from ffmpeg_worker.settings import Settings, read_settings
from support.servers.fake_api import open_fake_api, raw_server


class FakeServer(LocalServer):
    """Records its environment instead of starting a process."""

    environments: ClassVar[list[Mapping[str, str]]] = []

    def start(self) -> None:
        FakeServer.environments.append(self._environment)


@pytest.fixture(autouse=True)
def _no_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "LocalServer", FakeServer)
    monkeypatch.setattr(FakeServer, "environments", [])
    monkeypatch.delenv("FFMPEG_API_BASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def default_at(monkeypatch: pytest.MonkeyPatch, url: str) -> Settings:
    """Settings with this URL as default, not set by the operator."""
    settings = read_settings(api_base_url=url, api_keys="first,second")
    monkeypatch.setitem(settings.__dict__, "api_base_url_is_set", False)
    return settings


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No API responds at the default URL."""
    monkeypatch.setattr(module, "_is_healthy", lambda _url: False)


def test_the_url_that_the_operator_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFMPEG_API_BASE_URL", "http://api.example:1/api/")
    found = locate_api(read_settings(api_keys="first,second"))
    assert found == ExternalApi("http://api.example:1/api", "first")
    assert FakeServer.environments == []


async def test_an_api_that_already_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_fake_api() as api:
        found = await asyncio.to_thread(locate_api, default_at(monkeypatch, api.base_url))
    assert found == ExternalApi(api.base_url, "first")


def test_a_server_is_started_where_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/api"
        assert isinstance(locate_api(default_at(monkeypatch, url)), FakeServer)
    assert len(FakeServer.environments) == 1


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
async def test_a_server_is_started_where_another_kind_of_server_listens(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    async with raw_server(answer) as url:
        found = await asyncio.to_thread(locate_api, default_at(monkeypatch, f"{url}/api"))
    assert isinstance(found, FakeServer)


def test_the_start_before_the_settings_uses_their_default(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def is_healthy(url: str) -> bool:
        asked.append(url)
        return len(asked) == 2

    monkeypatch.setattr(module, "_is_healthy", is_healthy)
    assert isinstance(start_unless_running(), FakeServer)
    assert start_unless_running() is None
    assert set(asked) == {read_settings().api_base_url}
    assert len(FakeServer.environments) == 1


@pytest.mark.parametrize("url", ["", "localhost:3000/api", "ftp://host/api", "http://", "http://host:port/api"])
def test_a_setting_that_is_not_a_url(url: str) -> None:
    with pytest.raises(Misconfigured, match="FFMPEG_API_BASE_URL"):
        locate_api(read_settings(api_base_url=url))


@pytest.mark.usefixtures("nothing_runs")
def test_the_server_gets_no_key_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("RUNPOD_AI_API_KEY", "RUNPOD_API_KEY", "FFMPEG_WORKER_RUNPOD_API_KEY")
    for name in names:
        monkeypatch.setenv(name, "secret")
    start_unless_running()
    assert FakeServer.environments[0].keys().isdisjoint(names)


@pytest.mark.usefixtures("nothing_runs")
def test_the_api_that_is_started_has_no_queue_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFMPEG_WORKER_QUEUE", "on")
    start_unless_running()
    assert FakeServer.environments[0]["FFMPEG_WORKER_QUEUE"] == "off"


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize("chosen", [None, "variable", "file"])
def test_a_network_volume_is_the_data_root_unless_another_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str | None
) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    monkeypatch.setattr(module, "VOLUME", volume)
    monkeypatch.delenv("FS_PATH", raising=False)
    if chosen == "variable":
        monkeypatch.setenv("FS_PATH", "/elsewhere")
    elif chosen == "file":
        (tmp_path / ".env").write_text("FS_PATH=/elsewhere\n")
    start_unless_running()
    expected = {None: str(volume), "variable": "/elsewhere", "file": None}[chosen]
    assert FakeServer.environments[0].get("FS_PATH") == expected
