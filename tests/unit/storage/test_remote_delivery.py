"""DeliveryList to a remote store: order, and all or nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ffmpeg_worker.errors import InvalidJob, TargetError, WorkerError
from ffmpeg_worker.storage import remove_outputs
from ffmpeg_worker.storage.backends import BeginUpload, ObjectHeaders
from ffmpeg_worker.storage.output_upload import MAX_UPLOADS
from ffmpeg_worker.storage.remote_delivery import RemoteDelivery
from ffmpeg_worker.storage.remote_target import RemoteTarget
from ffmpeg_worker.storage.stores import OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter
from support.wait_until import until_async


class Bucket:
    """An `ObjectWriter` in memory. Names can be set to block, fail, or resist deletion."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, ObjectHeaders] = {}
        self.started: list[str] = []
        self.removed: list[str] = []
        self.busy = 0
        self.max_busy = 0
        self.failing: set[str] = set()
        self.unlocatable: set[str] = set()
        self.undeletable: set[str] = set()
        self.blocked: set[str] = set()
        self.may_continue = asyncio.Event()

    def check(self, name: str) -> None:
        if name in self.failing:
            raise TargetError("Not this one.")

    async def preflight(self) -> None:
        """Does nothing."""

    async def upload(self, name: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> None:
        self.started.append(name)
        self.busy += 1
        self.max_busy = max(self.busy, self.max_busy)
        try:
            data = path.read_bytes()
            meter.expect(len(data))
            if name in self.blocked:
                await self.may_continue.wait()
            await asyncio.sleep(0)
            if name in self.failing:
                raise TargetError("It failed.", code="target_forbidden", hint="Do better.")
            meter.add(len(data))
            self.files[name] = data
            self.headers[name] = headers
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)  # a connection does not end at once
            raise
        finally:
            self.busy -= 1

    def open_early(
        self, name: str, headers: ObjectHeaders, record: Callable[[BeginUpload], Awaitable[str]]
    ) -> None:
        """Nothing: complete files only."""

    async def delete(self, name: str) -> None:
        await asyncio.sleep(0)
        if name in self.undeletable:
            raise TargetError("It stays.")
        del self.files[name]
        self.removed.append(name)

    async def locate(self, name: str) -> OutputLocation:
        if name in self.unlocatable:
            raise TargetError("No signature.")
        return OutputLocation(f"bucket/{name}", f"https://h/{name}")


class Lane:
    """A delivery and its files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bucket = Bucket()
        self.target = RemoteTarget(self.bucket, "max-age=60")
        self.meter = TransferMeter()
        self.delivery: RemoteDelivery = self.target.open_delivery(self.meter)

    def send(self, *names: str, data: bytes = b"1234") -> None:
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            self.delivery.send(name, path)

    async def fail(self) -> WorkerError:
        with pytest.raises(WorkerError) as caught:
            await self.delivery.finish()
        return caught.value


@pytest.fixture
async def lane(tmp_path: Path) -> Lane:
    return Lane(tmp_path)


async def test_locations_are_in_the_order_of_sending(lane: Lane) -> None:
    lane.bucket.blocked = {"b.mp4"}
    lane.send("b.mp4", "a.mp4")
    await until_async(lambda: "a.mp4" in lane.bucket.files)
    lane.bucket.may_continue.set()
    places = await lane.delivery.finish()
    assert list(places) == ["b.mp4", "a.mp4"]
    assert places["a.mp4"] == OutputLocation("bucket/a.mp4", "https://h/a.mp4")
    assert lane.bucket.files == {"b.mp4": b"1234", "a.mp4": b"1234"}
    assert lane.bucket.headers["a.mp4"] == ObjectHeaders("video/mp4", "max-age=60")


async def test_manifests_are_uploaded_last_and_master_playlists_after_them(lane: Lane) -> None:
    lane.send("master.m3u8", data=b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n")
    lane.send("low.m3u8", "0.ts", "x.MPD", "1.ts")
    lane.bucket.blocked = {"0.ts", "low.m3u8"}
    finishing = asyncio.ensure_future(lane.delivery.finish())
    await until_async(lambda: "1.ts" in lane.bucket.files)
    assert lane.bucket.started == ["0.ts", "1.ts"]
    lane.bucket.may_continue.set()
    await finishing
    assert lane.bucket.started == ["0.ts", "1.ts", "low.m3u8", "x.MPD", "master.m3u8"]


async def test_all_lanes_share_the_upload_limit(lane: Lane, tmp_path: Path) -> None:
    names = [f"{number}.ts" for number in range(20)]
    lane.bucket.blocked = set(names)
    other = lane.target.open_delivery(TransferMeter())
    lane.send(*names[:10])
    for name in names[10:]:
        (tmp_path / name).write_bytes(b"x")
        other.send(name, tmp_path / name)
    await until_async(lambda: lane.bucket.busy == MAX_UPLOADS)
    lane.bucket.may_continue.set()
    await asyncio.gather(lane.delivery.finish(), other.finish())
    assert lane.bucket.max_busy == MAX_UPLOADS
    assert lane.bucket.started == names


@pytest.mark.parametrize("is_held", [True, False])
async def test_a_file_sent_again_replaces_the_first(lane: Lane, is_held: bool) -> None:
    lane.bucket.blocked = {"a.mp4"} if is_held else set()
    lane.send("a.mp4", data=b"old one")
    await until_async(lambda: lane.bucket.busy == 1 if is_held else "a.mp4" in lane.bucket.files)
    lane.send("a.mp4", data=b"newer")
    lane.send("a.mp4", data=b"new")
    lane.bucket.may_continue.set()
    assert list(await lane.delivery.finish()) == ["a.mp4"]
    assert lane.bucket.files == {"a.mp4": b"new"}
    assert lane.bucket.max_busy == 1
    assert (lane.meter.done, lane.meter.total) == (3, 3)


async def test_withdrawn_files_are_deleted(lane: Lane) -> None:
    lane.bucket.blocked = {"running.ts"}
    lane.send("arrived.ts", "running.ts", "kept.ts", "again.ts")
    await until_async(lambda: "arrived.ts" in lane.bucket.files)
    for name in ("arrived.ts", "running.ts", "again.ts", "never-sent.ts"):
        lane.delivery.withdraw(name)
    lane.send("again.ts")
    assert list(await lane.delivery.finish()) == ["kept.ts", "again.ts"]
    assert set(lane.bucket.files) == {"kept.ts", "again.ts"}
    assert (lane.meter.done, lane.meter.total) == (8, 8)


async def test_a_withdrawn_file_that_cannot_be_deleted_is_no_failure(
    lane: Lane, caplog: pytest.LogCaptureFixture
) -> None:
    lane.send("a.ts", "b.ts")
    lane.bucket.undeletable = {"a.ts"}
    await until_async(lambda: "a.ts" in lane.bucket.files)
    lane.delivery.withdraw("a.ts")
    assert list(await lane.delivery.finish()) == ["b.ts"]
    assert "a.ts" in str([vars(record) for record in caplog.records])


async def test_a_deleted_file_matters_only_if_it_is_an_output(lane: Lane) -> None:
    lane.send("a.ts", "b.ts")
    (lane.root / "a.ts").unlink()
    (lane.root / "b.ts").unlink()
    lane.delivery.withdraw("a.ts")
    error = await lane.fail()
    assert (error.code, error.where) == ("output_vanished", {"output": "b.ts"})


@pytest.mark.parametrize("failing", ["0.ts", "9.ts", "list.m3u8", "place"])
async def test_one_failure_removes_all(lane: Lane, failing: str) -> None:
    lane.bucket.failing = {failing}
    lane.bucket.unlocatable = {"9.ts"} if failing == "place" else set()
    lane.send(*[f"{number}.ts" for number in range(10)], "list.m3u8")
    error = await lane.fail()
    assert error.where == {"output": "9.ts" if failing == "place" else failing}
    assert lane.bucket.files == {}
    assert lane.bucket.busy == 0


async def test_one_failure_cancels_the_other_uploads(lane: Lane) -> None:
    lane.bucket.blocked, lane.bucket.failing = {"slow.ts"}, {"bad.ts"}
    lane.send("slow.ts", "bad.ts")
    error = await asyncio.wait_for(lane.fail(), 5)
    assert (error.code, error.hint) == ("target_forbidden", "Do better.")
    assert lane.bucket.busy == 0


async def test_outputs_that_cannot_be_deleted_are_named(lane: Lane, caplog: pytest.LogCaptureFixture) -> None:
    names = [f"{number}.ts" for number in range(8)]
    lane.send(*names, "list.m3u8")
    lane.bucket.undeletable, lane.bucket.failing = set(names[:7]), {"list.m3u8"}
    error = await lane.fail()
    assert error.code == "target_forbidden"
    assert error.hint == 'Do better. Still in the store: "0.ts", "1.ts", "2.ts", "3.ts", "4.ts" and 2 more.'
    assert set(lane.bucket.files) == set(names[:7])


async def test_undo(lane: Lane, caplog: pytest.LogCaptureFixture) -> None:
    lane.bucket.blocked, lane.bucket.undeletable = {"running.ts"}, {"stays.ts"}
    lane.send("arrived.ts", "stays.ts", "running.ts", "list.m3u8")
    await until_async(lambda: len(lane.bucket.files) == 2)
    with caplog.at_level(logging.WARNING):
        await lane.delivery.undo()
    assert set(lane.bucket.files) == {"stays.ts"}
    assert [record.levelname for record in caplog.records if "stays.ts" in str(vars(record))] == ["WARNING"]


async def test_undo_after_all_have_arrived(lane: Lane) -> None:
    lane.send("a.ts", "list.m3u8")
    await lane.delivery.finish()
    await lane.delivery.undo()
    assert lane.bucket.removed == ["list.m3u8", "a.ts"]


@pytest.mark.parametrize("times", [1, 3])
async def test_cancelled_while_finishing(lane: Lane, times: int) -> None:
    lane.bucket.blocked = {"slow.ts"}
    lane.send("a.ts", "b.ts", "slow.ts")
    finishing = asyncio.ensure_future(lane.delivery.finish())
    await until_async(lambda: len(lane.bucket.files) == 2)
    for _ in range(times):
        finishing.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await finishing
    assert lane.bucket.files == {}


async def test_a_store_that_hangs_while_deleting_does_not_block(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(remove_outputs, "_TIMEOUT_S", 0.05)
    monkeypatch.setattr(lane.bucket, "delete", hang)
    lane.bucket.failing = {"b.ts"}
    lane.send("a.ts", "b.ts")
    await until_async(lambda: "a.ts" in lane.bucket.files)
    assert '"a.ts"' in f"{(await lane.fail()).hint}"


async def test_an_unexpected_exception_removes_all(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    async def break_down(*_: object) -> None:
        raise ZeroDivisionError

    lane.send("a.ts")
    await until_async(lambda: "a.ts" in lane.bucket.files)
    monkeypatch.setattr(lane.bucket, "upload", break_down)
    lane.send("b.ts")
    with pytest.raises(ZeroDivisionError):
        await lane.delivery.finish()
    assert lane.bucket.files == {}


async def test_the_error_of_a_withdrawn_upload_is_not_reported_by_asyncio(
    lane: Lane, caplog: pytest.LogCaptureFixture
) -> None:
    lane.bucket.failing = {"a.ts"}
    lane.send("a.ts")
    await until_async(lambda: lane.bucket.started == ["a.ts"] and lane.bucket.busy == 0)
    lane.delivery.withdraw("a.ts")
    assert await lane.delivery.finish() == {}
    lane.delivery = lane.target.open_delivery(TransferMeter())
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_check(lane: Lane) -> None:
    lane.bucket.failing = {"bad.ts"}
    lane.target.check(["a.ts", "b/a.ts"])
    with pytest.raises(TargetError) as refused:
        lane.target.check(["a.ts", "bad.ts"])
    assert refused.value.where == {"output": "bad.ts"}
    with pytest.raises(InvalidJob) as twice:
        lane.target.check(["b/a.ts", "b//a.ts"])
    assert (twice.value.code, twice.value.where) == ("duplicate_output", {"output": "b//a.ts"})
    assert lane.target.accepts_early
    assert not RemoteTarget(lane.bucket, accepts_early=False).accepts_early
