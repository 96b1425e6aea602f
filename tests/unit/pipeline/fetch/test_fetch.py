"""Fetching the inputs of a job: kinds of sources, lists, failures."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import (
    EngineTimedOut,
    InvalidJob,
    SourceNotFound,
    SourceTooLarge,
    SourceUnreadable,
    TargetForbidden,
)
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.pipeline.fetch import fetcher, read_texts
from ffmpeg_worker.pipeline.fetch.fetch import FetchedInput, FetchedInputs, fetch
from support.job_contexts import FakeJob
from support.wait_until import until_async


def process(command: str, **inputs: Any) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": command}, "inputs": inputs}


def many(*commands: str) -> dict[str, Any]:
    return {"action": "multi_process", "data": {"processes": [{"chainCmds": command} for command in commands]}}


def write(job: FakeJob, **files: bytes) -> None:
    for name, content in files.items():
        (job.data / name.replace("__", ".")).write_bytes(content)


async def test_a_file_of_the_data_root_is_linked_not_copied(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    write(job, a__mp4=b"media")
    file = (await fetch(job.context))["a.mp4"]
    assert (file.path, file.size) == ((job.data / "a.mp4").resolve(), 5)
    staged = job.context.workspace.staging / file.staged
    assert staged.is_symlink()
    assert staged.read_bytes() == b"media"


async def test_an_input_is_staged_under_its_own_name(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, process("-i {{film}} b.mp4", film="a b'c.mp4"))
    (job.data / "a b'c.mp4").write_bytes(b"media")
    assert (await fetch(job.context))["film"].staged == "film.mp4"


async def test_text_becomes_a_file(tmp_path: Path) -> None:
    subs = {"content": "Grüße", "name": "de.srt"}
    job = FakeJob(tmp_path, process("-i a.mp4 -i {{subs}} b.mp4", subs=subs))
    write(job, a__mp4=b"media")
    file = (await fetch(job.context))["subs"]
    assert (file.staged, file.path.read_text()) == ("de.srt", "Grüße")


async def test_a_sequence_keeps_its_pattern(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, process("-i f%02d.png b.mp4"))
    write(job, f01__png=b"1", f02__png=b"22", other__png=b"3")
    file = (await fetch(job.context))["f%02d.png"]
    folder = (job.context.workspace.staging / file.staged).parent
    assert (file.staged.rpartition("/")[2], file.size) == ("f%02d.png", 3)
    assert sorted(path.name for path in folder.iterdir()) == ["f01.png", "f02.png"]


async def test_a_file_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, process("-i 50%02d.mp4 b.mp4"))
    (job.data / "50%02d.mp4").write_bytes(b"media")
    assert (await fetch(job.context))["50%02d.mp4"].size == 5


async def test_a_concat_list_names_staged_files(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, process("-i a.mp4 made.ts && -f concat -i list.txt -c copy b.mp4"))
    write(job, a__mp4=b"media", c__mp4=b"more", list__txt=b"file 'c.mp4'\nfile made.ts\nfile 'c.mp4'\n")
    file = (await fetch(job.context))["list.txt"]
    text = (job.context.workspace.staging / file.staged).read_text()
    first, made, second = (line.removeprefix("file ").strip("'") for line in text.splitlines())
    assert (first, made) == (second, "../made.ts")
    assert (job.context.workspace.staging / first).read_bytes() == b"more"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (b"''", "Line 2 of the list names no file."),
        (b"x" * 300, "Line 2 of the list has a name longer than a file may have."),
        (b"d/" * 3000 + b"x.mp4", "Line 2 of the list has a name longer than a file may have."),
        (b"\xff.mp4", "Line 2 of the list is not UTF-8."),
        (b"a\0.mp4", "Line 2 of the list contains a control character."),
    ],
)
async def test_an_entry_of_a_list_that_no_file_can_have(tmp_path: Path, entry: bytes, words: str) -> None:
    job = FakeJob(tmp_path, process("-f concat -i list.txt -c copy b.mp4"))
    write(job, a__mp4=b"media", list__txt=b"file a.mp4\nfile " + entry + b"\n")
    with pytest.raises(InvalidJob) as caught:
        await fetch(job.context)
    assert (caught.value.message, caught.value.code) == (words, "invalid_name")
    assert caught.value.where == {"input": "list.txt", "line": 2}


async def test_a_missing_entry_of_a_list_is_named_with_its_line(tmp_path: Path) -> None:
    listed = {"content": "file a.mp4\n\nfile missing.mp4\n"}
    job = FakeJob(tmp_path, process("-f concat -i {{list}} -c copy b.mp4", list=listed))
    write(job, a__mp4=b"media")
    with pytest.raises(SourceNotFound) as caught:
        await fetch(job.context)
    assert caught.value.where == {"input": "missing.mp4", "line": 3}


async def test_a_concat_list_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_texts, "MAX_LIST_BYTES", 12)
    job = FakeJob(tmp_path, process("-f concat -i list.txt b.mp4"))
    write(job, c__mp4=b"more", list__txt=b"file 'c.mp4'")
    await fetch(job.context)
    (tmp_path / "again").mkdir()
    again = FakeJob(tmp_path / "again", process("-f concat -i list.txt b.mp4"))
    write(again, c__mp4=b"more", list__txt=b"file 'c.mp4'\n")
    with pytest.raises(SourceTooLarge) as caught:
        await fetch(again.context)
    assert (caught.value.code, caught.value.where) == ("source_too_large", {"input": "list.txt"})


async def test_a_manifest_stays_in_its_folder(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, process("-i x.m3u8 b.mp4"))
    write(job, x__m3u8=b"#EXTM3U", x0__ts=b"0")
    file = (await fetch(job.context))["x.m3u8"]
    staged = job.context.workspace.staging / file.staged
    assert (staged.parent / "x0.ts").read_bytes() == b"0"


async def test_one_source_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = FakeJob(tmp_path, process("-i {{one}} -i {{two}} b.mp4", one="a.mp4", two="a.mp4"))
    write(job, a__mp4=b"media")
    asked: list[str] = []
    local = job.context.stores.sources[None]
    original = local.fetch

    async def counted(source: Any, folder: Path, meter: Any) -> Path:
        asked.append(source.url)
        return await original(source, folder, meter)

    monkeypatch.setattr(type(local), "fetch", lambda _self, *args: counted(*args))
    files = await fetch(job.context)
    assert asked == ["a.mp4"]
    assert files["one"].staged != files["two"].staged


async def test_a_checksum_is_compared(tmp_path: Path) -> None:
    good = {"url": "a.mp4", "sha256": hashlib.sha256(b"media").hexdigest().upper()}
    job = FakeJob(tmp_path, process("-i {{film}} b.mp4", film=good))
    write(job, a__mp4=b"media")
    assert (await fetch(job.context))["film"].size == 5
    write(job, a__mp4=b"other")
    (tmp_path / "again").mkdir()
    again = FakeJob(tmp_path / "again", process("-i {{film}} b.mp4", film=good))
    write(again, a__mp4=b"other")
    with pytest.raises(SourceUnreadable) as caught:
        await fetch(again.context)
    assert (caught.value.code, caught.value.where) == ("checksum_mismatch", {"input": "film"})


async def test_the_first_failure_is_raised_with_its_input(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, process("-i a.mp4 -i {{logo}} b.mp4", logo="missing.png"))
    write(job, a__mp4=b"media")
    with pytest.raises(SourceNotFound) as caught:
        await fetch(job.context)
    assert caught.value.where == {"input": "logo"}


async def test_failures_are_kept_for_lanes_that_are_independent(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, many("-i a.mp4 b.mp4", "-i missing.mp4 c.mp4"))
    write(job, a__mp4=b"media")
    files = await fetch(job.context)
    assert set(files.by_key) == {"a.mp4"}
    assert files.failed["missing.mp4"]["code"] == "source_not_found"


async def test_outputs_that_cannot_be_delivered_are_known_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = FakeJob(tmp_path)
    write(job, a__mp4=b"media")

    async def refuse() -> None:
        raise TargetForbidden("The bucket may not be written.")

    monkeypatch.setattr(job.bucket, "preflight", refuse)
    with pytest.raises(TargetForbidden) as caught:
        await fetch(job.context)
    assert caught.value.where == {"field": "upload"}


async def test_it_ends_at_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = FakeJob(tmp_path, timeout_s=0.05)

    async def hang(*_: object) -> Path:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(type(job.context.stores.sources[None]), "fetch", hang)
    with pytest.raises(EngineTimedOut, match="while its inputs were fetched"):
        await fetch(job.context)


def test_a_record_holds_while_its_files_are_here(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "frames").mkdir()
    lost = FetchedInput(LocalFile(Path("/elsewhere/b.mp4"), "b.mp4", 1))
    sequence = LocalFile(Path("/x"), "frames/f%02d.png", 1)
    kept = (FetchedInput(LocalFile(Path("/x/a.mp4"), "a.mp4", 1)), FetchedInput(sequence))
    failed = FetchedInput(problem={"code": "source_not_found"})
    assert FetchedInputs((*kept, failed)).are_in(tmp_path)
    assert not FetchedInputs((*kept, lost)).are_in(tmp_path)


async def test_a_job_that_is_stopped_twice_leaves_no_download_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: set[str] = set()
    may_end = asyncio.Event()

    async def download(_self: Any, source: Any) -> Path:
        running.add(source.url)
        try:
            await asyncio.Event().wait()
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await may_end.wait()
            running.remove(source.url)
        raise AssertionError

    monkeypatch.setattr(fetcher.Fetcher, "_fetch", download)
    job = FakeJob(tmp_path, process("-i a.mp4 -i b.mp4 c.mp4"))
    fetching = asyncio.ensure_future(fetch(job.context))
    await until_async(lambda: len(running) == 2)
    fetching.cancel()
    await asyncio.sleep(0)
    fetching.cancel()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert not running


async def test_a_generated_sound_becomes_a_file(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, process("-i {{beep}} b.m4a", beep="tone:440"))
    file = (await fetch(job.context))["beep"]
    assert (file.staged, file.path.read_bytes()[:4]) == ("beep.wav", b"RIFF")
    assert file.size == file.path.stat().st_size


async def test_a_generated_sound_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, process("-i {{beep}} b.m4a", beep="tone:a4"))
    with pytest.raises(InvalidJob) as caught:
        await fetch(job.context)
    assert (caught.value.code, caught.value.where["input"]) == ("invalid_value", "beep")


async def test_a_list_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    job = FakeJob(tmp_path, process("-f concat -safe 0 -i list.txt b.mp4"))
    write(job, a__mp4=b"media")
    (job.data / "list.txt").write_text("file 'a.mp4'\n", encoding="utf-8-sig")
    file = (await fetch(job.context))["list.txt"]
    text = (job.context.workspace.staging / file.staged).read_text()
    assert text.startswith("file ")
