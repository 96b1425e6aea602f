"""Outputs of queued jobs at a real server: links, ranges, players, hostile names, and retention meanwhile."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import imageio_ffmpeg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffmpeg_worker.job_queue.database import Database, sqlite_url
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.retention import Retention
from ffmpeg_worker.job_queue.tables import jobs
from support.extent import examples
from support.servers.api_server import Server, running_server

SOURCE = "-f lavfi -i testsrc2=size=128x96:rate=25:duration=4 -c:v libx264 -preset ultrafast -g 25"
NAME = "clips/ä b 100%.mp4"
KEY, OTHER_KEY = "key-of-a", "key-of-b"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


@dataclass(frozen=True)
class Outputs:
    """A server with the outputs of two jobs, of which it has one on its disk."""

    server: Server
    state: Path
    job: Mapping[str, Any]

    @property
    def job_id(self) -> str:
        return str(self.job["id"])

    @property
    def path(self) -> str:
        return f"/api/jobs/{self.job_id}/outputs"

    @property
    def folder(self) -> Path:
        return self.state / "jobs" / self.job_id / "outputs"

    @property
    def content(self) -> bytes:
        return (self.folder / NAME).read_bytes()

    def link(self, name: str) -> str:
        """The path of the link to an output."""
        (url,) = (output["url"] for output in self.job["result"]["outputs"] if output["name"] == name)
        return urlsplit(str(url)).path

    def send(self, path: str, method: str = "GET", *, key: str | None = None, **headers: str) -> Reply:
        """Send a request; `path` goes out as it is."""
        return send(self.server, path, method, key=key, **headers)


def send(
    server: Server, path: str, method: str = "GET", body: Any = None, *, key: str | None = None, **headers: str
) -> Reply:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if key is not None:
        given["authorization"] = f"Bearer {key}"
    if body is not None:
        given["content-type"] = "application/json"
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    connection.request(method, path, None if body is None else json.dumps(body), given)
    response = connection.getresponse()
    found = {name.lower(): value for name, value in response.getheaders()}
    reply = Reply(response.status, found, response.read())
    connection.close()
    return reply


def run(server: Server, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Queue a job, and return its record when it has ended."""
    queued = json.loads(send(server, f"{route}?async=true", "POST", body, key=KEY).body)
    reply = send(server, f"/api/jobs/{queued['id']}", key=KEY, prefer="wait=60")
    record: dict[str, Any] = json.loads(reply.body)
    assert record["status"] == "succeeded", record
    return record


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outputs]:
    root = tmp_path_factory.mktemp("outputs")
    variables = {
        "FFMPEG_WORKER_STATE_ROOT": str(root / "state"),
        "FFMPEG_WORKER_API_KEYS": f"{KEY},{OTHER_KEY}",
        "FFMPEG_WORKER_SANDBOX": "degraded",
    }
    with running_server(root, **variables) as server:
        commands = [
            {"chainCmds": [*SOURCE.split(), NAME], "output": NAME},
            {"chainCmds": f"{SOURCE} -f hls -hls_time 1 -hls_list_size 0 hls/m.m3u8", "output": "hls/m.m3u8"},
        ]
        job = run(server, "/api/ffmpeg/multi_process", {"processes": commands})
        yield Outputs(server, root / "state", job)


def test_the_record_shows_links_that_open_with_and_without_a_key(outputs: Outputs) -> None:
    link = outputs.link(NAME)
    reports = outputs.job["result"]["results"]
    assert urlsplit(reports[0]["outputs"][0]["url"]).path == link
    listed = json.loads(outputs.send(outputs.path, key=KEY).body)
    assert listed == {"outputs": outputs.job["result"]["outputs"], "removed": False}
    for reply in (
        outputs.send(link),
        outputs.send(link, key=OTHER_KEY),
        outputs.send(f"{outputs.path}/{quote(NAME)}", key=KEY),
    ):
        assert (reply.status, reply.body) == (200, outputs.content)
        assert reply.headers["content-type"] == "video/mp4"
        assert reply.headers["accept-ranges"] == "bytes"


def test_who_may_not_fetch(outputs: Outputs) -> None:
    path, link = f"{outputs.path}/{quote(NAME)}", outputs.link(NAME)
    other = link.replace(outputs.job_id, "0" * 36)
    renamed = link.replace(".mp4", ".mov")
    playlist = outputs.link("hls/m.m3u8").replace("hls/m.m3u8", quote(NAME))
    replies = [
        outputs.send(path),
        outputs.send(path, key="unknown"),
        outputs.send(path, key=OTHER_KEY),
        outputs.send(outputs.path, key=OTHER_KEY),
        outputs.send(other),
        outputs.send(renamed),
        outputs.send(playlist),
        outputs.send(playlist, key=KEY),
        outputs.send(link, "DELETE"),
        outputs.send(outputs.link("hls/m.m3u8").replace("m.m3u8", "none.ts")),
    ]
    assert [(reply.status, reply.code) for reply in replies] == [
        (401, "unauthorized"),
        (401, "unauthorized"),
        (404, "job_not_found"),
        (404, "job_not_found"),
        (403, "link_invalid"),
        (403, "link_invalid"),
        (403, "link_invalid"),
        (403, "link_invalid"),
        (401, "unauthorized"),
        (404, "output_not_found"),
    ]
    token = link.split("/")[5]
    assert token not in outputs.server.log_path.read_text()


def test_a_playlist_plays_by_its_link(outputs: Outputs) -> None:
    url = f"{outputs.server.url}{outputs.link('hls/m.m3u8')}"
    played = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", url, "-f", "framemd5", "-"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert played.stderr == ""
    assert len([line for line in played.stdout.splitlines() if line.startswith("0,")]) == 100


def test_what_browsers_send_to_play_and_seek(outputs: Outputs) -> None:
    link, content = outputs.link(NAME), outputs.content
    size = len(content)
    first = outputs.send(link, range="bytes=0-")
    assert (first.status, first.body) == (206, content)
    assert first.headers["content-range"] == f"bytes 0-{size - 1}/{size}"
    tag = first.headers["etag"]
    assert tag.startswith('"')
    rest = outputs.send(link, range=f"bytes={size // 2}-", if_range=tag)
    assert (rest.status, rest.body) == (206, content[size // 2 :])
    assert outputs.send(link, range="bytes=5-9", if_range='"other"').status == 200
    assert outputs.send(link, if_none_match=tag).status == 304
    assert outputs.send(link, if_modified_since=first.headers["last-modified"]).body == b""
    beyond = outputs.send(link, range=f"bytes={size}-")
    assert (beyond.status, beyond.code) == (416, "range_not_satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{size}"
    assert (outputs.send(link, if_match='"other"').code) == "output_changed"
    head = outputs.send(link, "HEAD", range="bytes=0-9")
    assert (head.status, head.headers["content-length"], head.body) == (200, str(size), b"")
    assert head.headers["etag"] == tag
    assert first.headers["access-control-allow-origin"] == "*"


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, 400_000), count=st.integers(1, 400_000), form=st.sampled_from(["a-b", "a-", "-a"]))
def test_ranges_are_parts_of_the_file(outputs: Outputs, first: int, count: int, form: str) -> None:
    content = outputs.content
    header, expected = {
        "a-b": (f"{first}-{first + count - 1}", content[first : first + count]),
        "a-": (f"{first}-", content[first:]),
        "-a": (f"-{count}", content[-count:]),
    }[form]
    reply = outputs.send(outputs.link(NAME), range=f"bytes={header}")
    if expected:
        assert (reply.status, reply.body) == (206, expected)
        assert reply.headers["content-length"] == str(len(expected))
    else:
        assert reply.status == 416


def test_names_for_saving(outputs: Outputs) -> None:
    link = outputs.link(NAME)
    shown = "filename=\"_ b 100_.mp4\"; filename*=UTF-8''%C3%A4%20b%20100%25.mp4"
    assert outputs.send(link).headers["content-disposition"] == f"inline; {shown}"
    assert outputs.send(f"{link}?download=1").headers["content-disposition"] == f"attachment; {shown}"


@pytest.mark.parametrize("name", ["page.html", "image.svg", "data.xml", "text.txt"])
def test_an_output_cannot_act_as_a_page_of_the_server(outputs: Outputs, name: str) -> None:
    (outputs.folder / name).write_text("<script>alert(1)</script>")
    headers = outputs.send(f"{outputs.path}/{name}", key=KEY).headers
    policy = headers["content-security-policy"].split("; ")
    assert {"sandbox", "default-src 'none'"} <= set(policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


def test_hostile_names(outputs: Outputs) -> None:
    (outputs.folder / "link.mp4").symlink_to("/etc/passwd")
    token = outputs.link("hls/m.m3u8").split("/")[5]
    for name in (
        "../../place.id",
        "hls/../../../place.id",
        "..%2f..%2fplace.id",
        "%2e%2e/%2e%2e/place.id",
        "%2Fetc%2Fpasswd",
        "/etc/passwd",
        "link.mp4",
        "hls",
        "hls/",
        "%00",
        "%ff%fe",
        "a" * 5000,
        "",
    ):
        reply = outputs.send(f"{outputs.path}/{name}", key=KEY)
        assert (reply.status, reply.code) == (404, "output_not_found"), name
    for name in ("hls/../../../place.id", "hls/..%2f..%2f..%2fplace.id", "hls/%2e%2e/%2e%2e/seal.key"):
        assert outputs.send(f"{outputs.path}/{token}/{name}").code == "output_not_found", name


def read_slowly(outputs: Outputs, link: str) -> socket.socket:
    """Begin to fetch an output, and read nothing of it yet."""
    place = urlsplit(outputs.server.url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect((place.hostname, place.port))
    connection.sendall(f"GET {link} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n".encode())
    return connection


async def end_its_time(outputs: Outputs) -> None:
    """Let the retention time of a job's outputs be over, and sweep, as another process would."""
    database = Database(sqlite_url(outputs.state / "jobs.db"))
    ended = sa.update(jobs).where(jobs.c.job_id == outputs.job_id).values(ended_at=time.time() - 7200)
    await database.run(lambda connection: connection.execute(ended))
    retention = Retention(
        database,
        JobFolders(outputs.state / "jobs"),
        lambda _: None,
        job_retention_s=1e9,
        output_retention_s=3600.0,
        clock=lambda: time.time() + 600,  # the server has swept a moment ago
    )
    await retention.sweep()
    await database.close()


def test_retention_does_not_cut_a_download(outputs: Outputs) -> None:
    command = "-f lavfi -i testsrc2=size=640x480:rate=10:duration=3 -c:v rawvideo big.nut"
    job = run(outputs.server, "/api/ffmpeg/process", {"chainCmds": command, "output": "big.nut"})
    big = Outputs(outputs.server, outputs.state, job)
    content = (big.folder / "big.nut").read_bytes()
    assert len(content) > 10 << 20  # more than sockets hold
    link = big.link("big.nut")
    with read_slowly(big, link) as connection:
        received = bytearray(connection.recv(1000))
        asyncio.run(end_its_time(big))
        assert not big.folder.exists()
        while piece := connection.recv(1 << 20):
            received += piece
    assert received.partition(b"\r\n\r\n")[2] == content
    gone = big.send(link)
    assert (gone.status, gone.code) == (410, "output_removed")
    record = json.loads(big.send(f"/api/jobs/{big.job_id}", key=KEY).body)
    assert record["outputs_removed"] is True
    assert "url" not in record["result"]["outputs"][0]
    assert json.loads(big.send(big.path, key=KEY).body)["removed"] is True
    assert outputs.send(outputs.link(NAME)).status == 200
