"""The contract of all stores, tested on local and in-memory stores."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import SourceForbidden, SourceNotFound, SourceUnreadable, TargetError, TargetForbidden
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.http.source import HttpSource
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.local.source import LocalSource
from ffmpeg_worker.storage.local.target import LocalTarget
from ffmpeg_worker.storage.remote_source import RemoteSource
from ffmpeg_worker.storage.remote_target import RemoteTarget
from ffmpeg_worker.storage.stores import OutputLocation, SourceStore, Stores, Target
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter
from support.servers.memory_storage import MemoryStorage
from support.servers.web import open_web


@dataclass
class Readable:
    """A source store, a function that adds a file to it directly, and one that builds its URL."""

    source: SourceStore
    add: Callable[[str, bytes], None]
    url: Callable[[str], str]


@dataclass
class Case(Readable):
    """A store that is also a target, and a function that reads a file from it directly."""

    target: Target
    read: Callable[[str], bytes | None]


def _local(root: Path) -> Case:
    roots = LocalRoots(root)

    def add(name: str, data: bytes) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)

    def read(name: str) -> bytes | None:
        return (root / name).read_bytes() if (root / name).exists() else None

    return Case(LocalSource(roots), add, lambda name: name, LocalTarget(roots), read)


def _memory(_root: Path) -> Case:
    store = MemoryStorage()
    return Case(
        store, store.files.__setitem__, lambda name: f"memory://{name}", RemoteTarget(store), store.files.get
    )


@pytest.fixture(params=[_local, _memory], ids=["local", "memory"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    made: Case = request.param(tmp_path / "store")
    return made


@pytest_asyncio.fixture(params=["local", "memory", "http"])
async def readable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Readable]:
    if request.param != "http":
        yield (_local if request.param == "local" else _memory)(tmp_path / "store")
        return
    rules = OutboundRules(allow_http=True, allow_cidrs=(ip_network("127.0.0.1"),))
    async with open_web() as web:
        remote = HttpSource(OutboundClient(rules), DownloadLimits(1 << 20))
        store = RemoteSource(remote, DownloadCache(tmp_path / "cache", 1 << 20))
        yield Readable(store, web.files.__setitem__, lambda name: f"{web.url}/plain/{quote(name)}")


async def deliver(target: Target, files: Mapping[str, Path]) -> Mapping[str, OutputLocation]:
    """Deliver files as a job does."""
    target.check(list(files))
    delivery = target.open_delivery(TransferMeter())
    for name, path in files.items():
        delivery.send(name, path)
    return await delivery.finish()


@pytest.mark.parametrize("name", ["a/b.bin", "ünï 😀.bin"])
async def test_fetched_bytes_are_the_stored_ones(readable: Readable, tmp_path: Path, name: str) -> None:
    readable.add(name, b"\x00\x01data")
    path = await readable.source.fetch(FileSource(url=readable.url(name)), tmp_path, TransferMeter())
    assert path.read_bytes() == b"\x00\x01data"
    assert path.suffix == ".bin"


async def test_a_missing_file(readable: Readable, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound) as caught:
        await readable.source.fetch(FileSource(url=readable.url("nope.bin")), tmp_path, TransferMeter())
    assert "nope.bin" in caught.value.message


async def test_an_empty_file_is_refused(readable: Readable, tmp_path: Path) -> None:
    readable.add("empty.bin", b"")
    with pytest.raises(SourceUnreadable) as caught:
        await readable.source.fetch(FileSource(url=readable.url("empty.bin")), tmp_path, TransferMeter())
    assert caught.value.code == "source_empty"


async def test_a_pattern_without_matches(readable: Readable) -> None:
    with pytest.raises(SourceNotFound):
        await readable.source.find(readable.url("nope-%d.png"))


async def test_delivered_files_can_be_fetched(case: Case, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "two").write_bytes(b"22")
    places = await deliver(case.target, {"x/one.bin": tmp_path / "one", "ünï 😀.bin": tmp_path / "two"})
    assert set(places) == {"x/one.bin", "ünï 😀.bin"}
    assert case.read("x/one.bin") == b"1"
    assert case.read("ünï 😀.bin") == b"22"


async def test_a_delivery_replaces_existing_files(case: Case, tmp_path: Path) -> None:
    case.add("a.bin", b"old")
    (tmp_path / "new").write_bytes(b"new")
    await deliver(case.target, {"a.bin": tmp_path / "new"})
    assert case.read("a.bin") == b"new"


async def test_all_files_are_delivered_or_none(case: Case, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    with pytest.raises(TargetForbidden):
        await deliver(case.target, {"one.bin": tmp_path / "one", "../two.bin": tmp_path / "one"})
    assert case.read("one.bin") is None


def test_names_outside_the_store_are_refused(case: Case) -> None:
    case.target.check(["a/b.mp4"])
    with pytest.raises(TargetForbidden):
        case.target.check(["../b.mp4"])


# Local files only.


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "media").mkdir()
    (tmp_path / "other").mkdir()
    for folder in ("data", "media", "other"):
        (tmp_path / folder / "a.bin").write_bytes(folder.encode())
    return tmp_path


@pytest.mark.parametrize(
    "name", ["../other/a.bin", "/etc/passwd", "link.bin", "linked/a.bin", "~/a.bin/../../../x"]
)
async def test_nothing_outside_the_roots_is_read(root: Path, name: str) -> None:
    store = LocalSource(LocalRoots(root / "data", [root / "media"]))
    (root / "data/link.bin").symlink_to(root / "other/a.bin")
    (root / "data/linked").symlink_to(root / "other")
    with pytest.raises((SourceForbidden, SourceNotFound)) as caught:
        await store.fetch(FileSource(url=name), root, TransferMeter())
    assert caught.value.code in {"path_outside_root", "source_not_found"}
    if name != "~/a.bin/../../../x":
        assert caught.value.code == "path_outside_root"


async def test_allowed_roots_are_reached_by_absolute_path(root: Path) -> None:
    roots = LocalRoots(root / "data", [root / "media"])
    path = await LocalSource(roots).fetch(FileSource(url=str(root / "media/a.bin")), root, TransferMeter())
    assert path.read_bytes() == b"media"
    target = LocalTarget(roots)
    target.check([str(root / "media/new.bin")])
    with pytest.raises(TargetForbidden):
        target.check([str(root / "other/new.bin")])


async def test_folders_and_pipes_are_refused(root: Path) -> None:
    store = LocalSource(LocalRoots(root / "data"))
    os.mkfifo(root / "data/pipe.bin")
    (root / "data/sub").mkdir()
    for name, code in (("sub", "source_is_folder"), ("pipe.bin", "source_not_regular"), (".", "source_is_folder")):
        with pytest.raises(SourceForbidden) as caught:
            await store.fetch(FileSource(url=name), root, TransferMeter())
        assert caught.value.code == code


async def test_a_name_below_a_file(root: Path) -> None:
    with pytest.raises(SourceNotFound):
        await LocalSource(LocalRoots(root / "data")).fetch(FileSource(url="a.bin/x.bin"), root, TransferMeter())
    (root / "new").write_bytes(b"x")
    with pytest.raises(TargetError):
        await deliver(LocalTarget(LocalRoots(root / "data")), {"a.bin/x.bin": root / "new"})
    assert (root / "data/a.bin").read_bytes() == b"data"


async def test_a_failed_delivery_leaves_nothing(root: Path) -> None:
    (root / "one").write_bytes(b"1")
    store = LocalTarget(LocalRoots(root / "data"))
    with pytest.raises(TargetError):
        await deliver(store, {"first.bin": root / "one", "second.bin": root / "not-there"})
    assert sorted(path.name for path in (root / "data").iterdir()) == ["a.bin"]


async def test_sequences_are_found_in_order(root: Path) -> None:
    store = LocalSource(LocalRoots(root / "data"))
    for name in ("f-1.png", "f-2.png", "f-10.png", "g-1.png", "f-x.png"):
        (root / "data" / name).write_bytes(b"x")
    assert [path.name for path in await store.find("f-%d.png")] == ["f-1.png", "f-10.png", "f-2.png"]
    assert [path.name for path in await store.find("f-%02d.png")] == ["f-10.png"]
    assert [path.name for path in await store.find("?-1.png")] == ["f-1.png", "g-1.png"]
    with pytest.raises(SourceNotFound):
        await store.find("h-%d.png")
    with pytest.raises(SourceForbidden):
        await store.find("/etc/*.conf")


async def test_the_store_is_chosen_by_scheme(tmp_path: Path) -> None:
    roots = LocalRoots(tmp_path)
    memory, local = MemoryStorage(), LocalSource(roots)
    stores = Stores({None: local, "memory": memory}, LocalTarget(roots))
    assert stores.source(FileSource(url="a.mp4")) is local
    assert stores.source(FileSource(url="MEMORY://a.mp4")) is memory
