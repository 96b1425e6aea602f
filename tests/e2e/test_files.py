"""Files over HTTP at a real server with two API keys: sent, used, fetched, and refused."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import shutil
import socket
import subprocess
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import imageio_ffmpeg
import pytest

from support.servers.api_server import Server, running_server
from support.wait_until import until

KEY, OTHER_KEY = "key-of-a", "key-of-b"
PROCESS = "/api/ffmpeg/process"
FLIP = '{"chainCmds": ["-i", "{{in_1}}", "-vf", "hflip", "out.mp4"]}'
MAX_BYTES, MAX_BYTES_OF_KEY = 2 << 20, 5 << 20
TRACE = "0af7651916cd43dd8448eb211c80319c"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json()["code"])


@dataclass(frozen=True)
class Files:
    server: Server

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.server.url)
        return str(parts.hostname), int(parts.port or 0)

    def send(
        self, path: str, method: str = "GET", body: Any = b"", *, key: str | None = KEY, **headers: str
    ) -> Reply:
        """Send a request; an iterator as body is sent in chunks. `path` goes out as it is."""
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            named["X-API-Key"] = key
        connection.request(method, path, body, named, encode_chunked=not isinstance(body, bytes))
        answer = connection.getresponse()
        reply = Reply(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())
        connection.close()
        return reply

    def put(self, name: str, content: bytes, *, key: str = KEY, **headers: str) -> Reply:
        return self.send(f"/api/files/{name}", "PUT", content, key=key, **headers)

    def form(
        self, path: str, parts: Sequence[tuple[str, str | None, bytes]], *, key: str = KEY, **more: str
    ) -> Reply:
        body = b"".join(_part(*part) for part in parts) + b"--XX--\r\n"
        return self.send(path, "POST", body, key=key, Content_Type="multipart/form-data; boundary=XX", **more)

    def left(self) -> list[str]:
        """What is in the folders of all keys, and of requests."""
        found = [*self.server.data_root.rglob("*"), *self.server.scratch_root.glob("worker-*/request-*")]
        return sorted(path.name for path in found if not path.is_dir())

    def names(self, key: str = KEY) -> list[str]:
        return [file["name"] for file in self.send("/api/files", key=key).json()["files"]]


def _part(name: str, filename: str | None, content: bytes) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    return f'--XX\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(
        tmp_path_factory.mktemp("files"),
        FFMPEG_WORKER_API_KEYS=f"{KEY},{OTHER_KEY}",
        FFMPEG_WORKER_MAX_UPLOAD_BYTES=str(MAX_BYTES),
        FFMPEG_WORKER_MAX_DATA_BYTES_PER_KEY=str(MAX_BYTES_OF_KEY),
        FFMPEG_WORKER_PUBLIC_URL="https://media.example/",
        FFMPEG_WORKER_MIN_FREE_DISK_BYTES="0",
    ) as started:
        yield started


@pytest.fixture
def files(server: Server) -> Iterator[Files]:
    """The server, without any file before and after."""
    files = Files(server)
    yield files
    for key in (KEY, OTHER_KEY):
        for name in files.names(key):
            assert files.send(f"/api/files/{name}", "DELETE", key=key).status == 204
    until(lambda: files.left() == [])


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("clip") / "clip.mov"
    source = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=1", "-c:v", "mpeg4"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, str(path)], check=True)
    return path.read_bytes()


def test_a_file_is_an_input_at_once_and_its_output_has_a_link(files: Files, clip: bytes) -> None:
    stored = files.put("a/clip.mov", clip)
    assert (stored.status, stored.headers["location"]) == (201, "/api/files/a/clip.mov")
    assert files.put("a/clip.mov", clip).status == 200
    job = {"inputs": {"in_1": "a/clip.mov"}, "chainCmds": ["-i", "{{in_1}}", "-c", "copy", "b/out.mp4"]}
    result = files.send(PROCESS, "POST", json.dumps(job).encode(), Content_Type="application/json").json()
    (output,) = result["outputs"]
    assert output["url"].startswith("https://media.example/api/files/~")
    path = urlsplit(output["url"]).path
    linked = files.send(path, key=None)
    assert (linked.status, len(linked.body)) == (200, output["size"])
    assert linked.headers["access-control-allow-origin"] == "*"
    part = files.send(path, key=None, Range="bytes=4-7")
    assert (part.status, part.body) == (206, b"ftyp")
    assert files.send("/api/files/b/out.mp4").body == linked.body
    assert files.names() == ["a/clip.mov", "b/out.mp4"]
    _check_wrong_links(files, path)


def _check_wrong_links(files: Files, path: str) -> None:
    assert files.send(path.replace("out.mp4", "other.mp4"), key=None).code == "link_invalid"
    assert files.send(path.replace(".x.", ".0."), key=None).code == "link_invalid"
    assert files.send(path, "DELETE", key=None).status == 401
    assert not [line for line in files.server.log_lines("request") if path.split("/")[3] in line["path"]]
    assert files.send("/api/files/b/out.mp4", "DELETE").status == 204
    assert files.send(path, key=None).code == "file_not_found"


def test_keys_do_not_see_each_others_files(files: Files, clip: bytes) -> None:
    files.put("clip.mov", clip)
    assert files.names(OTHER_KEY) == []
    assert files.send("/api/files/clip.mov", key=OTHER_KEY).code == "file_not_found"
    assert files.send("/api/files/clip.mov", "DELETE", key=OTHER_KEY).code == "file_not_found"
    (path,) = files.server.data_root.rglob("clip.mov")
    for name in ("clip.mov", str(path)):
        body = json.dumps({"input": name}).encode()
        reply = files.send("/api/ffmpeg/probe", "POST", body, key=OTHER_KEY, Content_Type="application/json")
        assert reply.code in {"source_not_found", "source_forbidden"}
    body = json.dumps({"input": "clip.mov"}).encode()
    assert files.send("/api/ffmpeg/probe", "POST", body, Content_Type="application/json").status == 200


@pytest.mark.parametrize("asks", ["accept", "query"])
def test_a_form_is_answered_with_the_file(files: Files, clip: bytes, asks: str) -> None:
    path = PROCESS if asks == "accept" else f"{PROCESS}?download=1"
    accept = {"Accept": "video/mp4"} if asks == "accept" else {}
    reply = files.form(path, [("in_1", "c lip%03d.mov", clip), ("job", None, FLIP.encode())], **accept)
    assert (reply.status, reply.headers["content-type"], reply.body[4:8]) == (200, "video/mp4", b"ftyp")
    assert reply.headers["content-disposition"] == 'attachment; filename="out.mp4"'
    until(lambda: files.left() == [])


def test_several_outputs_are_a_zip_archive(files: Files, clip: bytes) -> None:
    parts = [("chainCmds", None, b"-i {{in_1}} -c copy a.mp4 -c copy sub/b.mkv"), ("in_1", "clip.mov", clip)]
    reply = files.form(PROCESS, parts, Accept="application/octet-stream")
    assert reply.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.mp4", "sub/b.mkv"]


def test_curl_does_it_in_one_line(files: Files, clip: bytes, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is missing")
    (tmp_path / "clip.mov").write_bytes(clip)
    form = [
        "-F",
        f"job={FLIP}",
        "-F",
        "in_1=@clip.mov",
        f"{files.server.url}{PROCESS}?download=1",
        "-o",
        "out.mp4",
    ]
    subprocess.run([curl, "-sSf", "-H", f"X-API-Key: {KEY}", *form], cwd=tmp_path, check=True)
    assert (tmp_path / "out.mp4").read_bytes()[4:8] == b"ftyp"


def test_files_of_a_queued_job_live_as_long_as_it(files: Files, clip: bytes) -> None:
    parent = f"00-{TRACE}-b7ad6b7169203331-01"
    job = {"action": "process", "data": json.loads(FLIP)}
    parts = [("in_1", "clip.mov", clip), ("job", None, json.dumps(job).encode())]
    reply = files.form("/api/jobs", parts, Prefer="wait=60", traceparent=parent, Authorization="Bearer platform")
    record = reply.json()
    assert (record["status"], record["result"]["outputs"][0]["name"]) == ("succeeded", "out.mp4")
    folder = files.server.data_root.parent / "state/jobs" / record["id"]
    until(lambda: [path.name for path in folder.iterdir()] == ["outputs"])
    ended = [line for line in files.server.log_lines("job ended") if line["job_id"] == record["id"]]
    assert ended[0]["trace_id"] == TRACE
    again = files.send(f"/api/jobs/{record['id']}/retry", "POST", Prefer="wait=60").json()
    assert again["error"]["code"] == "sent_file_removed"
    until(lambda: not folder.exists())


def test_an_upload_that_broke_off_goes_on(files: Files) -> None:
    content = hashlib.sha256().digest() * 20_000
    size = len(content)
    head = f"PUT /api/files/long HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nContent-Length: {size}\r\n"
    with socket.create_connection(files.address) as sock:
        sock.sendall(f"{head}Content-Range: bytes 0-{size - 1}/{size}\r\n\r\n".encode() + content[:300_000])
        until(lambda: len(files.left()) == 1)
        assert files.put("long", b"x", Content_Range=f"bytes 9-9/{size}").code == "upload_in_progress"

    def received() -> int:
        return int(files.put("long", b"", Content_Range=f"bytes */{size}").json()["received"])

    until(lambda: received() > 0)
    assert files.send("/api/files/long").status == 404
    at = received()
    wrong = files.put("long", b"x", Content_Range=f"bytes {at + 1}-{at + 1}/{size}")
    assert (wrong.status, wrong.code, wrong.json()["where"]) == (409, "upload_offset_wrong", {"received": at})
    middle = files.put("long", content[at : at + 9], Content_Range=f"bytes {at}-{at + 8}/{size}")
    assert (middle.status, middle.headers["range"]) == (202, f"bytes=0-{at + 8}")
    last = files.put("long", content[at + 9 :], Content_Range=f"bytes {at + 9}-{size - 1}/{size}")
    assert (last.status, last.json()["size"]) == (201, size)
    assert files.send("/api/files/long").body == content


@pytest.mark.parametrize(
    "header", ["0-1/2", "bytes 0-1", "bytes 2-1/9", "bytes 0-9/9", "bytes 0-0/*", "bytes 0-8/9"]
)
def test_a_wrong_range_leaves_nothing(files: Files, header: str) -> None:
    assert files.put("a", b"x", Content_Range=header).code == "invalid_content_range"
    assert files.left() == []


def test_uploads_that_fail_leave_nothing(files: Files) -> None:
    for head in (f"PUT /api/files/a HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nContent-Length: 9000000",):
        with socket.create_connection(files.address) as sock:
            sock.sendall(f"{head}\r\nExpect: 100-continue\r\n\r\n".encode())
            assert sock.recv(99).startswith(b"HTTP/1.1 413")
    assert files.send("/api/files/a", "PUT", iter([bytes(MAX_BYTES), b"x"])).code == "file_too_large"
    with socket.create_connection(files.address) as sock:
        head = f"PUT /api/files/a HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nContent-Length: 1000000\r\n\r\n"
        sock.sendall(head.encode() + bytes(200_000))
        until(lambda: len(files.left()) == 1)
    for number in range(2):
        assert files.put(f"n{number}", bytes(MAX_BYTES)).status == 201
    assert files.put("n2", bytes(MAX_BYTES)).code == "key_data_full"
    cut = [("a", "a", b"1")]
    body = b"".join(_part(*part) for part in cut)
    reply = files.send("/api/files", "POST", body, Content_Type="multipart/form-data; boundary=XX")
    assert reply.code == "invalid_multipart"
    until(lambda: files.left() == ["n0", "n1"])


def test_forms_are_all_or_nothing(files: Files) -> None:
    hundred = [(f"p{number}", f"d/{number}", b"x") for number in range(100)]
    reply = files.form("/api/files", hundred)
    assert (reply.status, len(reply.json()["files"]), len(files.names())) == (201, 100, 100)
    page = files.send("/api/files?prefix=d/9&limit=3").json()
    assert [file["name"] for file in page["files"]] == ["d/9", "d/90", "d/91"]
    rest = files.send(f"/api/files?prefix=d/9&cursor={page['next_cursor']}").json()
    assert len(rest["files"]) == 8
    assert "next_cursor" not in rest
    wrong: list[tuple[list[tuple[str, str | None, bytes]], str]] = [
        ([(str(number), str(number), b"") for number in range(201)], "too_many_parts"),
        ([("a", "new", b"x"), ("b", "new", b"y")], "invalid_multipart"),
        ([("a", "new", b"x"), ("b", "../new", b"y")], "path_outside_root"),
        ([("a", "new", b"x"), ("b", None, b"y")], "invalid_multipart"),
        ([], "missing_field"),
    ]
    for parts, code in wrong:
        assert files.form("/api/files", parts).code == code
    assert files.form("/api/files", [("a", "d/1", b"x")], If_None_Match="*").code == "file_exists"
    assert len(files.left()) == 100


def test_jobs_in_forms_that_are_refused(files: Files, clip: bytes) -> None:
    job: tuple[str, str | None, bytes] = ("job", None, FLIP.encode())
    wrong: list[tuple[list[tuple[str, str | None, bytes]], str]] = [
        ([job, ("in_1", "a.mov", b"")], "source_empty"),
        ([job, ("in_1", "a.mov", clip), ("in_1", "b.mov", clip)], "invalid_multipart"),
        ([job, ("../in", "a.mov", clip)], "invalid_name"),
        ([("in_1", "a.mov", clip)], "missing_field"),
        ([job, ("crf", None, b"1")], "invalid_multipart"),
        ([("job", None, b"{"), ("in_1", "a.mov", clip)], "invalid_json"),
        ([job, ("in_1", "a.mov", bytes(MAX_BYTES + 1))], "file_too_large"),
    ]
    for parts, code in wrong:
        assert files.form(PROCESS, parts).code == code
    probe: list[tuple[str, str | None, bytes]] = [("job", None, b'{"input": "in_1"}'), ("in_1", "a.mov", clip)]
    assert files.form("/api/ffmpeg/probe", probe).json()["format"]["nb_streams"] == 1
    assert files.form("/api/ffmpeg/probe?download=1", probe).code == "not_acceptable"
    upload: list[tuple[str, str | None, bytes]] = [
        ("job", None, json.dumps({**json.loads(FLIP), "upload": {"url": "https://x.example/y"}}).encode()),
        ("in_1", "a.mov", clip),
    ]
    assert files.form(f"{PROCESS}?download=1", upload).code == "not_acceptable"
    until(lambda: files.left() == [])


def test_conditions(files: Files) -> None:
    tag = files.put("a", b"1").headers["etag"]
    assert files.put("a", b"2", If_None_Match="*").code == "file_exists"
    assert files.put("a", b"2", If_Match='"other"').code == "file_changed"
    assert files.put("a", b"2", If_Match=tag).status == 200
    assert files.send("/api/files/a", "DELETE", If_Match=tag).code == "file_changed"
    assert files.send("/api/files/a", If_Match=tag).code == "file_changed"
    head = files.send("/api/files/a", "HEAD")
    assert (head.headers["content-length"], head.body) == ("1", b"")
    assert files.send("/api/files/a", If_None_Match=head.headers["etag"]).status == 304
    assert files.put("b", b"", Content_Type="multipart/form-data; boundary=a").code == "content_type_refused"


def test_ping_needs_no_key(files: Files) -> None:
    assert files.send("/ping", key=None).status == 200
