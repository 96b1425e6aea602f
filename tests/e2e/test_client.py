"""The Python client at real servers: an API, its RunPod endpoint, RunPod's local server; and connections cut."""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.client import ApiError, Client, JobCancelled, JobFailed
from support.client_kinds import KINDS, Caller, Kind
from support.docs.json_examples import ROOT
from support.servers.api_server import Server, running_server
from support.servers.cutting_proxy import open_cutting_proxy
from support.servers.jobs_client import LONG, SHORT, WRONG
from support.wait_until import until, until_async

KEY = "key-of-the-caller"
DOORS = ("api", "runpod")
TRANSPORTS = {"async": "aiohttp_transport.AiohttpTransport", "blocking": "blocking_transport.BlockingTransport"}
WITHIN_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with running_server(
        folder,
        FFMPEG_WORKER_API_KEYS=KEY,
        FFMPEG_WORKER_STATE_ROOT=str(folder / "state"),
        MAX_CONCURRENCY="2",
    ) as server:
        yield server


@pytest.fixture(params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def open_door(kind: Kind, door: str, url: str) -> Caller:
    if door == "api":
        return kind.open(url, api_key=KEY)
    return kind.open_runpod("any-id", api_key=KEY, base_url=f"{url}/v2")


@pytest.mark.parametrize("door", DOORS)
async def test_a_job_is_sent_followed_and_its_output_is_fetched(
    server: Server, kind: Kind, door: str, tmp_path: Path
) -> None:
    client = open_door(kind, door, server.url)
    job = await client.call("submit", "process", SHORT, metadata={"order": "7"})
    assert job.status in {"queued", "running"}
    events = await client.list("watch", job, timeout_s=WITHIN_S)
    assert [event.type for event in events][-1] == "end"
    assert {event.type for event in events[:-1]} <= {"status", "progress"}
    result = await client.call("wait", job.id, timeout_s=WITHIN_S)
    assert result == events[-1].job.result
    [output] = result["outputs"]
    if door == "runpod":
        with pytest.raises(ApiError, match="was not uploaded"):
            await client.call("download", job, output["name"], tmp_path / "got.mkv")
        assert list(tmp_path.iterdir()) == []
        return
    path = await client.call("download", job, output["name"], tmp_path / "got.mkv")
    assert path.stat().st_size == output["size"] > 0
    assert path.read_bytes()[:4] == b"\x1a\x45\xdf\xa3"  # Matroska
    assert [entry.name for entry in tmp_path.iterdir()] == ["got.mkv"]
    with pytest.raises(ApiError) as caught:
        await client.call("download", job, "shrot.mkv", tmp_path / "none.mkv")
    assert (caught.value.code, "short.mkv" in str(caught.value.hint)) == ("output_not_found", True)
    ran = await client.call("run", "process", SHORT, timeout_s=WITHIN_S)
    fetched = await client.call("download", ran, "short.mkv", tmp_path / "of-result.mkv")
    assert fetched.stat().st_size == ran["outputs"][0]["size"]


@pytest.mark.parametrize("door", DOORS)
async def test_jobs_that_fail_and_are_cancelled(server: Server, kind: Kind, door: str) -> None:
    client = open_door(kind, door, server.url)
    failing = await client.call("submit", "process", WRONG)
    for name, *arguments in (("run", "process", WRONG), ("wait", failing)):
        with pytest.raises(JobFailed) as caught:
            await client.call(name, *arguments, timeout_s=WITHIN_S)
        error = caught.value
        assert (error.code, error.fault, bool(error.hint)) == ("source_not_found", "source", True)
        assert "missing.mp4" in error.message
    running = await client.call("submit", {"path": "/ffmpeg/process", "body": LONG})
    states: list[str] = []

    async def stop() -> None:
        await until_async(lambda: "running" in states, within_s=WITHIN_S)
        await client.call("cancel", running)

    stopping = asyncio.ensure_future(stop())
    await client.list("watch", running, timeout_s=WITHIN_S, see=lambda event: states.append(event.job.status))
    await stopping
    assert states[-1] == "cancelled"
    with pytest.raises(JobCancelled):
        await client.call("wait", running)
    with pytest.raises(ApiError) as unknown:
        await client.call("get", "0b6f1c5e-6d0e-4b3c-9a53-2f0c9f7a1d42")
    assert unknown.value.status == 404


@pytest.mark.parametrize("door", DOORS)
async def test_a_wrong_key(server: Server, kind: Kind, door: str) -> None:
    url = server.url
    wrong = (
        kind.open(url, api_key="wrong")
        if door == "api"
        else kind.open_runpod("e", api_key="wrong", base_url=f"{url}/v2")
    )
    for name, *arguments in (("submit", "probe", {"input": "a"}), ("run", "probe", {"input": "a"})):
        with pytest.raises(ApiError) as caught:
            await wrong.call(name, *arguments)
        assert caught.value.status == 401
        assert "wrong" not in repr(caught.value)


async def test_files_and_what_only_the_api_has(server: Server, kind: Kind, tmp_path: Path) -> None:
    client = open_door(kind, "api", server.url)
    made = await client.call("run", "process", SHORT)
    source = await client.call("download", made, "short.mkv", tmp_path / "clip ä.mkv")
    stored = await client.call("upload", source, f"in/{kind}/clip ä.mkv")
    assert (stored.name, stored.bytes) == (f"in/{kind}/clip ä.mkv", source.stat().st_size)
    empty = tmp_path / "empty.txt"
    empty.touch()
    assert (await client.call("upload", empty)).bytes == 0
    probed = await client.call("run", "probe", {"input": stored.name})
    assert probed["streams"][0]["width"] == 16
    job = await client.call(
        "submit",
        "process",
        {"chainCmds": "-i {{in_1}} -c copy copy.mkv"},
        inputs={"in_1": stored.name},
        metadata={"of": str(kind)},
        idempotency_key=f"key-{kind}",
    )
    reports: list[Any] = []
    await client.call("wait", job, timeout_s=WITHIN_S, on_progress=reports.append)
    again = await client.call(
        "submit",
        "process",
        {"chainCmds": "-i {{in_1}} -c copy copy.mkv"},
        inputs={"in_1": stored.name},
        metadata={"of": str(kind)},
        idempotency_key=f"key-{kind}",
    )
    assert again.id == job.id
    assert [one.id for one in await client.list("jobs", metadata={"of": str(kind)})] == [job.id]
    assert [one.id for one in await client.list("jobs", status="succeeded", limit=1)] == [job.id]
    plain = Client(server.url, api_key=KEY)
    await asyncio.to_thread(until, lambda: "copy.mkv" in str(plain.log(job)))  # the end of a log is stored late
    assert await client.call("log", job) == plain.log(job)
    assert (await client.call("retry", job)).id == job.id
    await client.call("wait", job, timeout_s=WITHIN_S)
    plan = await client.call("plan", "process", {"chainCmds": "-i {{in_1}} a.mp4"}, inputs={"in_1": stored.name})
    assert "a.mp4" in str(plan)
    assert "gif" in {preset["name"] for preset in await client.call("presets")}
    assert (await client.call("health"))["status"] == "ok"
    assert (await client.call("wait_until_healthy"))["status"] == "ok"
    fetched = await client.call("download_file", stored.name, tmp_path / "back.mkv")
    assert fetched.read_bytes() == source.read_bytes()


@pytest.fixture
def big(tmp_path: Path, kind: Kind) -> Path:
    """A file of 3 MiB."""
    path = tmp_path / f"{kind}.bin"
    path.write_bytes(random.Random(str(kind)).randbytes(3 << 20))
    return path


async def test_an_upload_goes_on_where_a_connection_was_cut(
    server: Server, kind: Kind, big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = big.stat().st_size

    def has_arrived() -> bool:
        return any(path.stat().st_size > 0 for path in server.data_root.rglob(f"*-{size}*"))

    async def wait_for_server(*_: object) -> None:
        until(has_arrived)

    monkeypatch.setattr(f"ffmpeg_worker.client.{TRANSPORTS[kind.name]}.sleep", wait_for_server)
    async with open_cutting_proxy(server.url) as proxy:
        # In a thread of its own, since the pauses of the client stop its event loop.
        client = kind.open(proxy.url, api_key=KEY)
        proxy.cuts = [(1 << 20, None), (None, None), (1 << 20, None)]
        upload = client.call("upload", big)
        stored = await asyncio.to_thread(asyncio.run, upload)
        await asyncio.to_thread(asyncio.run, client.call("download_file", stored.name, big.with_name("back")))
    ranges = re.findall(r"(?i)^content-range: bytes (\S+)", "".join(proxy.heads), re.MULTILINE)
    firsts = [int(sent.partition("-")[0]) for sent in ranges if "*" not in sent]
    assert (ranges[0], ranges[1]) == (f"0-{size - 1}/{size}", f"*/{size}")
    assert firsts == sorted(firsts)
    assert firsts[1] > 0
    assert firsts[-1] >= 1 << 20
    assert big.with_name("back").read_bytes() == big.read_bytes()


async def test_a_file_that_changes_while_it_is_sent(server: Server, kind: Kind, big: Path) -> None:
    async with open_cutting_proxy(server.url) as proxy:
        client = kind.open(proxy.url, api_key=KEY)
        proxy.cuts = [(1 << 20, None)]
        upload = asyncio.ensure_future(client.call("upload", big, "changed.bin"))
        await until_async(lambda: bool(proxy.heads))
        with big.open("ab") as file:
            file.write(b"more")
        with pytest.raises(ApiError) as caught:
            await upload
    assert caught.value.code == "source_changed"


async def test_a_download_goes_on_where_a_connection_was_cut(
    server: Server, kind: Kind, big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffmpeg_worker.client.connect._FIRST_PAUSE_S", 0.01)
    target = big.with_name("back")
    target.write_text("of an earlier download")
    await kind.open(server.url, api_key=KEY).call("upload", big)
    async with open_cutting_proxy(server.url) as proxy:
        client = kind.open(proxy.url, api_key=KEY)
        proxy.cuts = [(None, 1 << 20), (None, 100), (None, 1 << 20)]
        await client.call("download_file", big.name, target)
        assert target.read_bytes() == big.read_bytes()
        asked = [("Range: bytes=" in head, "If-Range" in head) for head in proxy.heads]
        assert asked[0] == (False, False)
        assert set(asked[1:]) == {(True, True)}
        target.write_text("of an earlier download")
        proxy.cuts = [(None, 1 << 20), *[(None, 0)] * 12]
        with pytest.raises(ApiError) as caught:
            await client.call("download_file", big.name, target)
        assert caught.value.code == "api_unreachable"
    assert target.read_text() == "of an earlier download"
    assert {entry.name for entry in big.parent.iterdir()} == {big.name, "back"}


@pytest.mark.parametrize("door", DOORS)
async def test_a_watch_outlives_a_server_that_is_away(
    server: Server, kind: Kind, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffmpeg_worker.client.api_door._PAUSE_S", 0.05)
    monkeypatch.setattr("ffmpeg_worker.client.runpod_door._FIRST_PAUSE_S", 0.05)
    async with open_cutting_proxy(server.url) as proxy:
        client = open_door(kind, door, proxy.url)
        job = await client.call("submit", "process", SHORT)
        proxy.is_away = True
        watching = asyncio.ensure_future(client.list("watch", job, timeout_s=WITHIN_S))
        await until_async(lambda: proxy.refused >= 2)
        proxy.is_away = False
        assert (await watching)[-1].job.status == "succeeded"


async def test_runpods_own_local_server(server: Server, tmp_path: Path) -> None:
    """It runs a job when its status is asked for, and tells the message of a failure only."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUNPOD_", "FFMPEG_"))}
    own = {"HOME": str(tmp_path), "FFMPEG_API_BASE_URL": f"{server.url}/api", "FFMPEG_WORKER_API_KEYS": KEY}
    arguments = ("runpod/handler.py", "--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", str(port))
    with (tmp_path / "log").open("wb") as log:
        local = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=ROOT,
            env={**kept, **own},
            stdout=log,
            stderr=log,
        )
    try:
        for kind in KINDS:
            client = kind.open_runpod("", api_key="any", base_url=f"http://127.0.0.1:{port}", retries=12)
            job = await client.call("submit", "process", SHORT)
            assert (await client.call("wait", job))["outputs"][0]["name"] == "short.mkv"
            with pytest.raises(JobFailed, match=r"missing\.mp4"):
                await client.call("run", "process", WRONG)
    finally:
        with suppress(ProcessLookupError):
            local.terminate()
        await local.wait()
