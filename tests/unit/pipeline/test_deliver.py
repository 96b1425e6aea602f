"""Delivery of a lane's files: keys, early segments, and errors in the caller's names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ffmpeg_worker.errors import TargetForbidden
from ffmpeg_worker.job.media import read_media
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.pipeline.deliver import DeliveredFiles, deliver, open_delivery
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.output_keys import OutputKeys
from ffmpeg_worker.pipeline.verify import VerifiedFiles
from ffmpeg_worker.pipeline.verify_artifact import VerifiedFile
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.storage.stores import OutputLocation
from support.job_contexts import VIDEO, FakeJob
from support.wait_until import until_async

PREFIX = Upload(bucket="media", key="orders/7/")


def verified(folder: Path, *names: str) -> VerifiedFiles:
    media = read_media(VIDEO)
    return VerifiedFiles(tuple(VerifiedFile(name, name, (folder / name).stat().st_size, media) for name in names))


def keys_of(upload: Upload | None, names: Sequence[str]) -> OutputKeys:
    kind = ArtifactKind.PLAYLIST if names and names[0].endswith(".m3u8") else ArtifactKind.FILE
    return OutputKeys(upload, [Artifact(name, name, kind) for name in names[:1]])


async def delivered(job: FakeJob, folder: Path, *names: str, upload: Upload | None = PREFIX) -> DeliveredFiles:
    executed = Executed("lane-0", Lane(()), folder, ())
    async with open_delivery(job.context, keys_of(upload, names), "lane-0") as delivery:
        return await deliver(job.context, executed, verified(folder, *names), delivery)


async def test_files_arrive_under_their_keys_and_are_described(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    files = await delivered(job, job.lane(b__mp4=b"media"), "b.mp4")
    assert job.bucket.files == {"orders/7/b.mp4": b"media"}
    (output,) = files.outputs
    assert (output.name, output.path, output.url) == (
        "b.mp4",
        "orders/7/b.mp4",
        "memory://orders/7/b.mp4",
    )
    assert (output.size, output.content_type) == (5, "video/mp4")
    assert output.media is not None
    assert output.media["width"] == 64


async def test_a_lane_without_outputs_delivers_nothing(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    assert await delivered(job, job.lane()) == DeliveredFiles(())
    assert job.bucket.files == {}


async def test_it_can_be_repeated(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(b__mp4=b"media")
    assert await delivered(job, folder, "b.mp4") == await delivered(job, folder, "b.mp4")
    assert job.bucket.files == {"orders/7/b.mp4": b"media"}


async def test_segments_that_were_sent_early_are_compared(tmp_path: Path) -> None:
    """An unchanged one is not sent again, a changed one is, and one that is no output is removed."""
    job = FakeJob(tmp_path)
    folder = job.lane(x__m3u8=b"#EXTM3U", same__ts=b"same", changed__ts=b"old", gone__ts=b"gone")
    names = ("x.m3u8", "same.ts", "changed.ts")
    executed = Executed("lane-0", Lane(()), folder, ())
    async with open_delivery(job.context, keys_of(PREFIX, names), "lane-0") as delivery:
        for name in ("same.ts", "changed.ts", "gone.ts"):
            delivery.send_early(name, folder, name)
        assert delivery.linked == {folder / name for name in ("same.ts", "changed.ts", "gone.ts")}
        (folder / "changed.ts").unlink()
        (folder / "changed.ts").write_bytes(b"new")
        await deliver(job.context, executed, verified(folder, *names), delivery)
    assert job.bucket.files == {
        "orders/7/x.m3u8": b"#EXTM3U",
        "orders/7/same.ts": b"same",
        "orders/7/changed.ts": b"new",
    }


@pytest.mark.parametrize("kind", ["missing", "empty", "symbolic link", "too large"])
async def test_what_cannot_be_sent_early_is_left_for_later(tmp_path: Path, kind: str) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(other=b"secret")
    if kind == "empty":
        (folder / "s.ts").touch()
    elif kind == "symbolic link":
        (folder / "s.ts").symlink_to("other")
    elif kind == "too large":
        (folder / "s.ts").write_bytes(bytes(5000))
        job.limit(max_file_bytes=4000)
    async with open_delivery(job.context, keys_of(PREFIX, ()), "lane-0") as delivery:
        delivery.send_early("s.ts", folder, "s.ts")
        assert delivery.linked == set()
    assert job.bucket.files == {}


async def test_a_failure_inside_takes_back_what_was_sent(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(s__ts=b"segment")

    async def fail_after_an_upload() -> None:
        async with open_delivery(job.context, keys_of(PREFIX, ()), "lane-0") as delivery:
            delivery.send_early("s.ts", folder, "s.ts")
            await until_async(lambda: job.bucket.files != {})
            raise KeyError

    with pytest.raises(KeyError):
        await fail_after_an_upload()
    assert job.bucket.files == {}


async def test_errors_name_the_output_as_the_caller_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = FakeJob(tmp_path)

    async def refuse(name: str) -> OutputLocation:
        raise TargetForbidden("The bucket may not be written.")

    monkeypatch.setattr(job.bucket, "locate", refuse)
    with pytest.raises(TargetForbidden) as caught:
        await delivered(job, job.lane(b__mp4=b"media"), "b.mp4")
    assert caught.value.where == {"output": "b.mp4"}
    assert job.bucket.files == {}


async def test_a_presigned_playlist_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = FakeJob(tmp_path)

    async def sign(name: str) -> OutputLocation:
        return OutputLocation(name, f"https://host/{name}?signature=x")

    monkeypatch.setattr(job.bucket, "locate", sign)
    files = await delivered(job, job.lane(x__m3u8=b"#EXTM3U", x0__ts=b"0"), "x.m3u8", "x0.ts")
    (warning,) = files.warnings
    assert '"x.m3u8" is presigned' in warning
