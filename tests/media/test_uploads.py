"""Outputs in a bucket: keys, upload order, and removal after a failed job."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.parse import parse_job
from support.find_paths import find_paths
from support.media.sources import make_clip
from support.servers.bucket import Bucket
from support.servers.s3_server import BUCKET
from support.wait_until import until, until_async
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOOPBACK = {"allow_http_inputs": True, "fetch_allow_cidrs": "127.0.0.0/8"}
LARGE_BYTES = 22 << 20
"""Five parts."""
LARGER_BYTES = 60 << 20
COPY = "-i clip.mp4 -c copy small.mp4"
HLS = "-i clip.mp4 -c:v libx264 -preset ultrafast -g 10 -c:a aac -f hls -hls_time 0.4"
VOD = f"{HLS} -hls_playlist_type vod"
SLOW = f"-re {VOD} -hls_segment_filename x%03d.ts"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("worker")
    make_clip(root / "data/clip.mp4", extra=("-movflags", "+faststart"))
    for name, size in {"large.bin": LARGE_BYTES, "larger.bin": LARGER_BYTES}.items():
        with (root / "data" / name).open("wb") as file:
            file.truncate(size)
    async with open_worker(root, **LOOPBACK) as opened:
        yield opened


def process(commands: str, **common: Any) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": commands}, **common}


def refuse(method: str, word: str, status: int = 403) -> Callable[[str, str], int | None]:
    """Return a fault for requests of a method whose path contains a word."""
    return lambda asked, path: status if asked == method and word in path else None


async def download(url: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True)) as response:
        return response.status, await response.read()


class Gate:
    """Delays the first PUT whose path contains a word; responds to it and similar ones with 503."""

    def __init__(self, word: str) -> None:
        self._word = word
        self.is_reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, method: str, path: str) -> int | None:
        if method != "PUT" or self._word not in path:
            return None
        if not self.is_reached.is_set():
            self.is_reached.set()
            self.opened.wait(3)
        return 503


async def test_a_key_with_an_extension_names_the_only_output(worker: Worker, bucket: Bucket) -> None:
    result = await worker.process(COPY, upload=bucket.upload("a/b.mp4"))
    [output] = result["outputs"]
    url = f"{bucket.server.url}/{BUCKET}/a/b.mp4"
    assert (output["name"], output["path"], output["url"]) == ("small.mp4", "a/b.mp4", url)
    assert output["media"]["duration"] == pytest.approx(2, abs=0.1)
    assert bucket.objects() == ["a/b.mp4"]
    assert bucket.server.read("a/b.mp4") == (await _bytes_of(bucket, "a/b.mp4"))
    assert output["size"] == len(bucket.server.read("a/b.mp4") or b"")
    assert not (worker.data / "small.mp4").exists()


async def _bytes_of(bucket: Bucket, key: str) -> bytes:
    status, body = await download(bucket.signed("get_object", key))
    assert status == 200
    return body


async def test_any_other_key_is_a_prefix(worker: Worker, bucket: Bucket) -> None:
    await worker.process(COPY, upload=bucket.upload("a"))
    await worker.process(COPY, upload=bucket.upload("b.mp4/"))
    await worker.process("-i clip.mp4 -c copy one.mp4 -c copy two.mkv", upload=bucket.upload("c.mp4"))
    await worker.process("-i clip.mp4 -c copy sub/x.mp4", upload=bucket.upload())
    assert bucket.objects() == ["a/small.mp4", "b.mp4/small.mp4", "c.mp4/one.mp4", "c.mp4/two.mkv", "sub/x.mp4"]


async def test_the_last_file_of_a_chain_is_the_output(worker: Worker, bucket: Bucket) -> None:
    chain = [["-i", "clip.mp4", "-an", "-c", "copy", "mid.mp4"], ["-i", "mid.mp4", "-c", "copy", "end.mkv"]]
    await worker.process(chain, upload=bucket.upload("film.mkv"))
    assert bucket.objects() == ["film.mkv"]


@pytest.mark.parametrize("key", ["müsik/日本 a+b%2f&=.mp4", "k" * 1020 + ".mp4", "~a (1)!*'.mp4"])
async def test_keys_with_any_character(worker: Worker, bucket: Bucket, key: str) -> None:
    result = await worker.process(COPY, upload=bucket.upload(key, presign=60))
    assert bucket.objects() == [key]
    assert (await download(result["outputs"][0]["url"]))[0] == 200
    plain = await worker.process(COPY, upload=bucket.upload(key))
    assert URL(plain["outputs"][0]["url"], encoded=True).path == f"/{BUCKET}/{key}"


@pytest.mark.parametrize("key", ["../up.mp4", "a/../b.mp4", "/top.mp4", "a//b.mp4", "a\nb.mp4", "k" * 1025])
async def test_refused_keys(worker: Worker, bucket: Bucket, key: str) -> None:
    error = await worker.fail(process(COPY, upload=bucket.upload(key)))
    assert (error.code, error.fault) == ("invalid_upload", "caller")
    assert bucket.server.requests == []


async def test_a_key_that_is_too_long_with_its_prefix(worker: Worker, bucket: Bucket) -> None:
    error = await worker.fail(process(COPY, upload=bucket.upload("k" * 1020)))
    assert (error.code, error.where["output"]) == ("invalid_upload", "small.mp4")
    assert bucket.asked("PUT") == []


async def test_a_local_destination_has_no_bucket(worker: Worker, bucket: Bucket) -> None:
    result = await worker.process(COPY, upload={"cloud_type": "local", "key": "shelf/"})
    assert Path(result["outputs"][0]["path"]) == (worker.data / "shelf/small.mp4").resolve()


async def test_presigned_urls_work_and_expire(worker: Worker, bucket: Bucket) -> None:
    result = await worker.process(COPY, upload=bucket.upload("a b.mp4", presign=600))
    url = result["outputs"][0]["url"]
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["600"]
    assert await download(url) == (200, bucket.server.read("a b.mp4"))
    assert (await download(url.replace("X-Amz-Expires=600", "X-Amz-Expires=900")))[0] == 403


async def test_a_public_base_url(worker: Worker, bucket: Bucket) -> None:
    credentials = bucket.credentials(aws_public_url="https://cdn.example/x/")
    result = await worker.process(COPY, upload=bucket.upload("ä.mp4", credentials=credentials))
    assert result["outputs"][0]["url"] == "https://cdn.example/x/%C3%A4.mp4"


async def test_headers_of_objects(worker: Worker, bucket: Bucket) -> None:
    await worker.process(f"{VOD} x.m3u8", upload=bucket.upload("v/x.m3u8", cache_control="max-age=60"))
    found = {key: bucket.client.head_object(Bucket=BUCKET, Key=key) for key in ("v/x.m3u8", "v/x0.ts")}
    assert [head["ContentType"] for head in found.values()] == ["application/vnd.apple.mpegurl", "video/mp2t"]
    assert {head["CacheControl"] for head in found.values()} == {"max-age=60"}


def listed(bucket: Bucket, playlist: str) -> list[str]:
    """Return the files that a playlist lists."""
    text = (bucket.server.read(playlist) or b"").decode()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


async def test_a_playlist_is_uploaded_last_and_listed_first(worker: Worker, bucket: Bucket) -> None:
    result = await worker.process(
        f"{VOD} -hls_segment_filename out/%d.ts out/x.m3u8", upload=bucket.upload("hls/index.m3u8")
    )
    first, *others = result["outputs"]
    assert first["path"] == "hls/index.m3u8"
    assert first["url"].endswith("/hls/index.m3u8")
    names = listed(bucket, "hls/index.m3u8")
    assert len(names) == 5
    assert sorted(f"hls/{name}" for name in names) == sorted(output["path"] for output in others)
    assert bucket.objects() == sorted(["hls/index.m3u8", *(output["path"] for output in others)])
    assert bucket.asked("PUT")[-1].startswith("hls/index.m3u8")


@pytest.mark.parametrize(
    ("command", "main", "beside"),
    [
        (f"{VOD} -hls_segment_type fmp4 out/x.m3u8", "x.m3u8", {"init.mp4", "x0.m4s"}),
        (f"{VOD} -hls_flags single_file out/x.m3u8", "x.m3u8", {"x.ts"}),
        ("-i clip.mp4 -c:v libx264 -g 10 -seg_duration 0.4 -f dash out/x.mpd", "x.mpd", {"init-stream0.m4s"}),
        (
            f"{HLS} -var_stream_map v:0,a:0 -master_pl_name m.m3u8 out/v%v/x.m3u8",
            "v0/x.m3u8",
            {"m.m3u8", "v0/x0.ts"},
        ),
    ],
    ids=["fmp4", "single-file", "dash", "master"],
)
async def test_kinds_of_playlists(
    worker: Worker, bucket: Bucket, command: str, main: str, beside: set[str]
) -> None:
    await worker.process(command, upload=bucket.upload("p"))
    keys = {key.removeprefix("p/out/") for key in bucket.objects()}
    assert {main, *beside} <= keys
    manifests = [key for key in bucket.asked("PUT") if key.partition("?")[0].endswith((".m3u8", ".mpd"))]
    assert bucket.asked("PUT")[-len(manifests) :] == manifests
    for playlist in (key for key in keys if key.endswith(".m3u8")):
        folder = playlist.rpartition("/")[0]
        assert {f"{folder}/{name}".lstrip("/") for name in listed(bucket, f"p/out/{playlist}")} <= keys


async def test_an_image_sequence(worker: Worker, bucket: Bucket) -> None:
    result = await worker.process("-i clip.mp4 -r 2 -t 2 f/%03d.png", upload=bucket.upload("shots.png"))
    assert bucket.objects() == [f"shots.png/f/{number:03}.png" for number in range(1, 5)]
    assert [output["path"] for output in result["outputs"]] == bucket.objects()


async def test_segments_are_uploaded_while_the_command_runs(worker: Worker, bucket: Bucket) -> None:
    there: list[set[str]] = []

    def look(method: str, path: str) -> None:
        if method == "PUT":
            there.append({file.name for file in find_paths(worker.scratch, "worker-*/*/lane-0/*.ts")})

    bucket.server.fault = look
    await worker.process(f"{SLOW} x.m3u8", upload=bucket.upload("e"))
    names = listed(bucket, "e/x.m3u8")
    assert bucket.asked("PUT")[0] == f"e/{names[0]}"
    assert names[0] in there[0]
    assert names[-1] not in there[0]
    assert len(bucket.asked("PUT")) == len(names) + 1, "each file is uploaded once"


@pytest.mark.parametrize("flags", ["delete_segments", "single_file"])
async def test_a_file_that_changed_after_its_upload_is_uploaded_again(
    worker: Worker, bucket: Bucket, flags: str
) -> None:
    sizes = f"-hls_flags {flags} -hls_list_size 2 -hls_delete_threshold 1"
    result = await worker.process(f"-re {HLS} {sizes} x.m3u8", upload=bucket.upload("d"))
    assert bucket.objects() == sorted(output["path"] for output in result["outputs"])
    assert {f"d/{name}" for name in listed(bucket, "d/x.m3u8")} <= set(bucket.objects())
    for output in result["outputs"]:
        assert len(bucket.server.read(output["path"]) or b"") == output["size"]
    if flags == "delete_segments":
        assert bucket.asked("DELETE"), "some files had been uploaded"


def assert_nothing_left(bucket: Bucket) -> None:
    assert bucket.objects() == []
    assert bucket.server.unfinished() == []


async def test_uploaded_files_that_fail_verification_are_removed(worker: Worker, bucket: Bucket) -> None:
    error = await worker.fail(process(f"{SLOW} x.m3u8 -an -ss 9 late.mp4", upload=bucket.upload("u")))
    assert error.fault == "caller"
    assert error.where["output"] == "late.mp4"
    assert bucket.asked("PUT"), "some files had been uploaded"
    assert_nothing_left(bucket)


THREE = "-i clip.mp4 -c copy a.mp4 -c copy b.mp4 -c copy c.mp4"


async def test_a_refused_output_removes_the_others(worker: Worker, bucket: Bucket) -> None:
    bucket.server.fault = refuse("PUT", "/b.mp4")
    error = await worker.fail(process(THREE, upload=bucket.upload("t")))
    assert (error.code, error.fault, error.where["output"]) == ("target_forbidden", "target", "b.mp4")
    assert_nothing_left(bucket)


async def test_outputs_that_cannot_be_removed_are_named(worker: Worker, bucket: Bucket) -> None:
    def fault(method: str, path: str) -> int | None:
        if method == "PUT" and "/b.mp4" in path:
            until(lambda: bucket.server.read("t/a.mp4") is not None)
            return 403
        return 403 if method == "DELETE" else None

    bucket.server.fault = fault
    error = await worker.fail(process(THREE, upload=bucket.upload("t")))
    assert error.code == "target_forbidden"
    assert '"t/a.mp4"' in (error.hint or "")
    bucket.server.fault = lambda _method, _path: None


async def test_each_process_is_delivered_separately(worker: Worker, bucket: Bucket) -> None:
    processes = [{"chainCmds": f"-i clip.mp4 -vf scale={width}:-2 {width}.mp4"} for width in (64, 96, 32)]
    bucket.server.fault = refuse("PUT", "/96.mp4")
    result = await worker.run(
        {"action": "multi_process", "data": {"processes": processes}, "upload": bucket.upload("m")}
    )
    assert [report["success"] for report in result["results"]] == [True, False, True]
    error = result["results"][1]["error"]
    assert (error["code"], error["where"]["process"]) == ("target_forbidden", 1)
    assert bucket.objects() == ["m/32.mp4", "m/64.mp4"]


LARGE = {"action": "upload", "data": {"input": "large.bin"}}


async def test_an_upload_that_fails_at_the_third_of_five_parts(worker: Worker, bucket: Bucket) -> None:
    bucket.server.fault = refuse("PUT", "partNumber=3", 500)
    error = await worker.fail({**LARGE, "upload": bucket.upload("large.bin")})
    assert (error.code, error.fault, error.retryable) == ("target_unavailable", "target", True)
    assert_nothing_left(bucket)


async def test_a_busy_store_is_asked_again(worker: Worker, bucket: Bucket) -> None:
    tries = iter([503, 503])
    bucket.server.fault = lambda _method, path: next(tries, None) if "partNumber=3" in path else None
    await worker.run({**LARGE, "upload": bucket.upload("large.bin")})
    assert len(bucket.server.read("large.bin") or b"") == LARGE_BYTES
    assert bucket.server.unfinished() == []


@pytest.mark.parametrize("word", ["small.mp4", "partNumber=2"])
async def test_the_job_s_timeout_includes_the_upload(worker: Worker, bucket: Bucket, word: str) -> None:
    gate = bucket.server.fault = Gate(word)
    job = process(COPY, upload=bucket.upload()) if word == "small.mp4" else {**LARGE, "upload": bucket.upload()}
    try:
        error = await worker.fail({**job, "timeout": 1.5})
    finally:
        gate.opened.set()
    assert (error.code, gate.is_reached.is_set()) == ("timed_out", True)
    assert_nothing_left(bucket)


@pytest.mark.parametrize("word", ["c.mp4", "partNumber=2"])
async def test_cancelling_during_an_upload(worker: Worker, bucket: Bucket, word: str) -> None:
    gate = bucket.server.fault = Gate(word)
    job = process(THREE, upload=bucket.upload()) if word == "c.mp4" else {**LARGE, "upload": bucket.upload()}
    task = asyncio.ensure_future(worker.services.run(parse_job(job)))
    await until_async(gate.is_reached.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.opened.set()
    assert_nothing_left(bucket)
    assert worker.leftovers() == []


async def test_cancelling_while_segments_are_uploaded(worker: Worker, bucket: Bucket) -> None:
    task = asyncio.ensure_future(worker.services.run(parse_job(process(f"{SLOW} x.m3u8", upload=bucket.upload()))))
    await until_async(lambda: bool(bucket.objects()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert_nothing_left(bucket)
    assert worker.leftovers() == []


@pytest.mark.parametrize(
    ("changes", "code", "fault"),
    [
        ({"bucket": "no-such-bucket"}, "bucket_not_found", "target"),
        ({"credentials": {"aws_secret_access_key": "another-secret"}}, "target_forbidden", "target"),
        ({"credentials": {"aws_secret_access_key": ""}}, "credentials_missing", "caller"),
        ({"credentials": {"aws_access_key_id": " "}}, "credentials_missing", "caller"),
        ({"credentials": {"aws_url": "http://10.0.0.1:9000"}}, "address_not_allowed", "caller"),
        ({"credentials": {"aws_url": "http://127.0.0.1:1"}}, "target_unavailable", "target"),
        ({"credentials": None}, "credentials_missing", "caller"),
        ({"bucket": None}, "invalid_upload", "caller"),
    ],
)
@pytest.mark.sampled(2)
async def test_a_bucket_that_cannot_be_written(
    worker: Worker, bucket: Bucket, changes: dict[str, Any], code: str, fault: str
) -> None:
    if changes.get("credentials"):
        changes = {"credentials": bucket.credentials(**changes["credentials"])}
    error = await worker.fail(process(COPY, upload=bucket.upload("x.mp4", **changes)))
    assert (error.code, error.fault) == (code, fault)
    assert "secret of the server" not in str(error.as_problem())


@pytest.mark.parametrize(("cloud", "word"), [("AWSS", 'Did you mean "AWS"?'), ("dropbox", "AWS, R2, GCP, AZURE")])
async def test_an_unknown_cloud_lists_the_known_ones(bucket: Bucket, cloud: str, word: str) -> None:
    with pytest.raises(WorkerError) as caught:
        parse_job(process(COPY, upload=bucket.upload(cloud_type=cloud)))
    assert caught.value.code == "unknown_cloud_type"
    assert word in (caught.value.hint or "")


async def test_presigned_input_and_output(worker: Worker, bucket: Bucket) -> None:
    clip = (worker.data / "clip.mp4").read_bytes()
    bucket.server.plant("in.mp4", clip)
    result = await worker.process(
        "-i {{film}} -c copy small.mp4",
        inputs={"film": bucket.signed("get_object", "in.mp4")},
        upload={"url": bucket.signed("put_object", "out.mp4")},
    )
    assert result["outputs"][0]["url"] == f"{bucket.server.url}/{BUCKET}/out.mp4"
    assert len(bucket.server.read("out.mp4") or b"") == result["outputs"][0]["size"]


async def test_a_file_beside_the_output_without_an_address_is_named(worker: Worker, bucket: Bucket) -> None:
    command = ["-i", "clip.mp4", "-vf", "metadata=print:file=m.txt", "-an", "beside.mp4"]
    upload: dict[str, Any] = {"url": bucket.signed("put_object", "beside.mp4")}
    result = await worker.process(command, upload=upload)
    assert [output["name"] for output in result["outputs"]] == ["beside.mp4"]
    (warning,) = [warning for warning in result["warnings"] if '"m.txt"' in warning]
    assert '"upload"' in warning
    addresses = {name: bucket.signed("put_object", name) for name in ("beside.mp4", "m.txt")}
    both = await worker.process(command, upload={"urls": addresses})
    assert [output["name"] for output in both["outputs"]] == ["beside.mp4", "m.txt"]
    assert (await download(bucket.signed("get_object", "m.txt")))[0] == 200


async def test_a_file_beside_the_output_leaves_it_its_key(worker: Worker, bucket: Bucket) -> None:
    command = ["-i", "clip.mp4", "-vf", "vidstabdetect", "-an", "keyed.mp4"]
    result = await worker.process(command, upload=bucket.upload("k/movie.mp4"))
    assert [output["path"] for output in result["outputs"]] == ["k/movie.mp4", "k/transforms.trf"]


async def test_progress_counts_sent_bytes(worker: Worker, bucket: Bucket) -> None:
    def be_slow(method: str, path: str) -> None:
        if method == "PUT":
            threading.Event().wait(0.15)

    bucket.server.fault = be_slow
    await worker.run({"action": "upload", "data": {"input": "larger.bin"}, "upload": bucket.upload()})
    assert worker.events[-1].sent_bytes == LARGER_BYTES
    assert any(0 < event.sent_bytes < LARGER_BYTES for event in worker.events)


async def test_the_default_bucket(tmp_path: Path, bucket: Bucket) -> None:
    own = bucket.credentials()
    settings = {
        "bucket_endpoint_url": f"{bucket.server.url}/{BUCKET}",
        "bucket_access_key_id": own["aws_access_key_id"],
        "bucket_secret_access_key": own["aws_secret_access_key"],
        "bucket_prefix": "out",
    }
    async with open_worker(tmp_path, **LOOPBACK, **settings) as worker:
        make_clip(worker.data / "clip.mp4")
        result = await worker.process(COPY)
        [output] = result["outputs"]
        assert output["path"] == f"out/{result['job_id']}/small.mp4"
        assert (await download(output["url"]))[0] == 200
        assert parse_qs(urlsplit(output["url"]).query)["X-Amz-Expires"] == ["604800"]
        await worker.process(COPY, upload={"key": "mine.mp4"})
        await worker.process(COPY, upload={"cloud_type": "LOCAL"})
        assert bucket.objects() == sorted(["mine.mp4", output["path"]])
        probe = {"action": "probe", "data": {"input": f"s3://{BUCKET}/mine.mp4"}}
        assert (await worker.fail(probe)).code == "credentials_missing"
