"""Inputs from a web server: caching, headers, retries, errors and secrets."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import logging
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker import retry
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.storage import transfer
from support.media.sources import make_clip
from support.servers.web import Web, open_web
from support.worker import Worker, open_worker

MAX_BYTES = 4 << 20
SECRET = "secret-canary"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Web]:
    clip = make_clip(tmp_path_factory.mktemp("web") / "clip.mp4", extra=("-movflags", "+faststart"))
    async with open_web() as web:
        web.files = {
            "clip.mp4": clip.read_bytes(),
            "clip": clip.read_bytes(),
            "empty.mp4": b"",
            "large.bin": bytes(MAX_BYTES + 1),
            "list.txt": b"file 'clip.mp4'\nfile clip.mp4\n",
            "local.txt": b"file 'file:///etc/hostname'\n",
            "play.m3u8": b"#EXTM3U\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n",
        }
        yield web


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    settings = {
        "allow_http_inputs": True,
        "fetch_allow_cidrs": "127.0.0.1/32, 127.0.0.2/32",
        "max_input_bytes": MAX_BYTES,
    }
    async with open_worker(tmp_path_factory.mktemp("worker"), **settings) as opened:
        yield opened


@pytest.fixture
def worker(shared: Worker, server: Web) -> Worker:
    server.requests.clear()
    return shared


pytestmark = pytest.mark.asyncio(loop_scope="module")


def probe(url: str, **more: Any) -> dict[str, Any]:
    return {"action": "probe", "data": {"input": "{{film}}"}, "inputs": {"film": {"url": url, **more}}}


def copy(url: str) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": ["-i", url, "-c", "copy", "copy.mp4"]}}


async def test_inputs_in_the_command_and_by_name(worker: Worker, server: Web) -> None:
    url = f"{server.url}/plain/clip.mp4"
    inline = await worker.run(copy(url))
    assert inline["outputs"][0]["media"]["duration"] == pytest.approx(2, abs=0.1)
    assert inline["stats"]["input_bytes"] == len(server.files["clip.mp4"])
    assert (await worker.run(probe(url)))["format"]["format_name"] == "mov,mp4,m4a,3gp,3g2,mj2"
    assert (await worker.run({"action": "probe", "data": {"input": url}}))["streams"]
    assert worker.leftovers() == []


async def test_percent_signs_and_asterisks_in_urls_are_literal(worker: Worker, server: Web) -> None:
    server.files["a 2d*.mp4"] = server.files["clip.mp4"]
    assert (await worker.run(copy(f"{server.url}/plain/a%202d*.mp4?x=%2d")))["outputs"]


async def test_the_extension_may_come_from_the_media_type(worker: Worker, server: Web) -> None:
    assert (await worker.run(copy(f"{server.url}/plain/clip")))["outputs"]


async def test_a_url_is_fetched_once_per_job(worker: Worker, server: Web) -> None:
    url = f"{server.url}/plain/clip.mp4"
    commands = [f"-i {url} -c copy a.mp4", f"-i {{{{film}}}} -i {url} -map 0:v -map 1:a -c copy b.mp4"]
    result = await worker.run(
        {
            "action": "multi_process",
            "inputs": {"film": url},
            "data": {"processes": [{"chainCmds": command} for command in commands]},
        }
    )
    assert result["failed"] == 0
    assert len(server.requests) == 1


async def test_different_headers_are_different_files(worker: Worker, server: Web) -> None:
    url = f"{server.url}/private/clip.mp4"
    inputs = {"open": {"url": url}, "known": {"url": url, "headers": {"Authorization": "Bearer known-token"}}}
    job = {"action": "process", "inputs": inputs, "data": {"chainCmds": "-i {{known}} -c copy o.mp4"}}
    error = await worker.fail(job)
    assert (error.code, error.fault, error.where["input"]) == ("source_forbidden", "source", "open")
    del inputs["open"]
    assert (await worker.run(job))["outputs"]


async def test_headers_are_not_sent_to_another_host(worker: Worker, server: Web) -> None:
    await worker.run(
        probe(f"{server.url}/moved/clip.mp4", headers={"Authorization": "Bearer known-token", "X-Key": "k"})
    )
    first, second = server.requests
    assert first.headers["Authorization"] == "Bearer known-token"
    assert not {"Authorization", "X-Key", "Cookie"} & set(second.headers)
    assert second.headers["Accept-Encoding"] == "identity"


async def test_a_header_that_callers_may_not_set(worker: Worker, server: Web) -> None:
    error = await worker.fail(probe(f"{server.url}/plain/clip.mp4", headers={"X": f"{SECRET}\r\nHost: other"}))
    assert (error.code, error.fault) == ("invalid_header", "caller")
    assert SECRET not in str(error.as_problem())
    assert server.requests == []


async def test_an_interrupted_download_is_resumed(worker: Worker, server: Web) -> None:
    data = server.files["clip.mp4"]
    job = probe(f"{server.url}/broken/clip.mp4", sha256=hashlib.sha256(data).hexdigest())
    assert (await worker.run(job))["streams"]
    assert [request.headers.get("Range") for request in server.requests] == [None, f"bytes={len(data) // 2}-"]


async def test_a_download_that_a_request_for_a_range_began_is_resumed(worker: Worker, server: Web) -> None:
    result = await worker.run(copy(f"{server.url}/broken/clip.mp4?by=range"))
    size = len(server.files["clip.mp4"])
    assert result["stats"]["input_bytes"] == result["stats"]["source_bytes"] == size
    first, second = (request.headers["Range"] for request in server.requests)
    assert first.startswith("bytes=0-")
    assert second == f"bytes={size // 2}-"


@pytest.mark.parametrize("behaviour", ["broken-no-range", "broken-changed"])
async def test_a_download_that_cannot_be_resumed_starts_over(worker: Worker, server: Web, behaviour: str) -> None:
    digest = hashlib.sha256(server.files["clip.mp4"]).hexdigest()
    assert (await worker.run(probe(f"{server.url}/{behaviour}/clip.mp4", sha256=digest)))["streams"]
    assert len(server.requests) == 2


async def test_a_refused_range_starts_over(worker: Worker, server: Web) -> None:
    error = await worker.fail(probe(f"{server.url}/broken-gone/clip.mp4"))
    assert error.code == "source_bad_answer"
    # The first answer is the whole file although a range was requested.
    assert [("Range" in request.headers) for request in server.requests] == [True, True, False]


async def test_a_busy_server_is_asked_again(worker: Worker, server: Web) -> None:
    assert (await worker.run(probe(f"{server.url}/busy/clip.mp4")))["streams"]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("path", "code", "fault", "retryable", "requests"),
    [
        ("404/a.mp4", "source_not_found", "source", False, 1),
        ("410/a.mp4", "source_not_found", "source", False, 1),
        ("401/a.mp4", "source_forbidden", "source", False, 1),
        ("403/a.mp4", "source_forbidden", "source", False, 1),
        # Requested again without a range.
        ("416/a.mp4", "source_bad_answer", "source", False, 2),
        ("206/a.mp4", "source_bad_answer", "source", False, 2),
        ("page/clip.mp4", "source_bad_answer", "source", False, 1),
        ("500/a.mp4", "source_unreachable", "source", True, 4),
        ("429/a.mp4", "source_unreachable", "source", True, 4),
        ("plain/empty.mp4", "source_empty", "source", False, 1),
        ("plain/large.bin", "source_too_large", "source", False, 1),
        ("plain/local.txt", "address_not_allowed", "caller", False, 1),
    ],
)
async def test_error_responses(
    worker: Worker,
    server: Web,
    path: str,
    code: str,
    fault: str,
    retryable: bool,
    requests: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry, "random", SimpleNamespace(uniform=lambda *_: 0.01))
    url = f"{server.url}/{path}?token={SECRET}"
    job = {"action": "process", "data": {"chainCmds": ["-f", "concat", "-i", url, "o.mp4"]}}
    error = await worker.fail(job if path.endswith(".txt") else copy(url))
    assert (error.code, error.fault, error.retryable) == (code, fault, retryable)
    problem = str(error.as_problem())
    assert SECRET not in problem
    assert "secret of the server" not in problem
    assert len(server.requests) == requests


async def test_a_wrong_checksum(worker: Worker, server: Web) -> None:
    error = await worker.fail(probe(f"{server.url}/plain/clip.mp4", sha256="0" * 64))
    assert (error.code, error.where) == ("checksum_mismatch", {"input": "film"})


async def test_an_unreachable_server(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "random", SimpleNamespace(uniform=lambda *_: 0.01))
    error = await worker.fail(probe("http://127.0.0.2:9/a.mp4"))
    assert (error.code, error.retryable) == ("source_unreachable", True)


async def test_a_concat_list_on_a_server_names_files_beside_it(worker: Worker, server: Web) -> None:
    job = {"chainCmds": f"-f concat -i {server.url}/plain/list.txt -c copy joined.mp4"}
    result = await worker.run({"action": "process", "data": job})
    assert result["outputs"][0]["media"]["duration"] == pytest.approx(4, abs=0.2)
    assert len(server.requests) == 2


async def test_a_playlist_cannot_read_other_inputs(worker: Worker, server: Web) -> None:
    error = await worker.fail(
        {
            "action": "process",
            "inputs": {"list": f"{server.url}/plain/play.m3u8", "other": f"{server.url}/plain/clip.mp4"},
            "data": {"chainCmds": "-i {{list}} -c copy o.mp4"},
        }
    )
    assert SECRET not in error.message


async def test_cancelling_during_a_download(worker: Worker, server: Web) -> None:
    server.holding.clear()
    task = asyncio.ensure_future(worker.services.run(parse_job(copy(f"{server.url}/held/clip.mp4"))))
    await asyncio.wait_for(server.holding.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert worker.leftovers() == []


async def test_the_job_s_timeout_includes_the_download(worker: Worker, server: Web) -> None:
    error = await worker.fail({**copy(f"{server.url}/held/clip.mp4"), "timeout": 0.5})
    assert error.code == "timed_out"


async def test_a_full_disk(worker: Worker, server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    error = await worker.fail(copy(f"{server.url}/plain/clip.mp4?not=kept-1"))
    assert (error.code, error.fault, error.retryable) == ("disk_full", "worker", True)


async def test_a_disk_that_fills_up(worker: Worker, server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(file: int, pieces: Sequence[memoryview], _offset: int) -> None:
        os.write(file, pieces[0][:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "write_all", write)
    error = await worker.fail(copy(f"{server.url}/plain/clip.mp4?not=kept-2"))
    assert error.code == "disk_full"
    assert len(server.requests) == 1


@pytest.mark.parametrize("path", ["plain/nope.mp4", "500/a.mp4", "broken-gone/clip.mp4", "plain/empty.mp4"])
async def test_no_secret_of_a_url_is_in_errors_or_logs(
    worker: Worker, server: Web, path: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "random", SimpleNamespace(uniform=lambda *_: 0.01))
    host = server.url.removeprefix("http://")
    with caplog.at_level(logging.DEBUG):
        errors = [
            await worker.fail(copy(f"http://ada:{SECRET}@{host}/{path}")),
            await worker.fail(copy(f"{server.url}/{path}?X-Amz-Signature={SECRET}#{SECRET}")),
            await worker.fail(probe(f"{server.url}/{path}?t={SECRET}", headers={"Authorization": SECRET})),
        ]
    assert errors[0].code == "address_not_allowed"
    assert SECRET not in str([(error.as_problem(), error.detail, repr(error)) for error in errors])
    logged = "".join(str(vars(record)) for record in caplog.records if record.name != "aiohttp.access")
    assert SECRET not in logged


async def test_no_secret_of_a_url_is_in_a_result(worker: Worker, server: Web) -> None:
    result = await worker.run(copy(f"{server.url}/plain/clip.mp4?token={SECRET}"))
    media = await worker.run({"action": "probe", "data": {"input": f"{server.url}/plain/clip.mp4?t={SECRET}"}})
    assert SECRET not in f"{result} {media}"
