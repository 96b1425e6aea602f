"""A hostile program may make its own reads fail; the worker answers on, and nothing waits for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.process.child import Child, Output
from ffmpeg_worker.process.spawner import Spawner
from support.attacks.arriving_file import ArrivingFile
from support.attacks.sandboxes import needs_sandbox, open_jail
from support.processes import alive, open_descriptors
from support.wait_until import until_async

pytestmark = needs_sandbox
HOSTILE = "support.attacks.hostile_reader"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[ArrivingFile]:
    made = ArrivingFile(tmp_path / "file")
    yield made
    made.end()


@pytest.fixture
def missing(tmp_path: Path) -> Iterator[ArrivingFile]:
    made = ArrivingFile(tmp_path / "file", never=True)
    yield made
    made.end()


@asynccontextmanager
async def run(
    root: Path, function: str, file: ArrivingFile, *, own_user: bool
) -> AsyncIterator[tuple[Child, bytearray]]:
    """Run a function of the hostile program with a ticket for `file`."""
    answer, log = bytearray(), bytearray()
    with open_jail(root / "cell/job", own_user=own_user) as (_, jail, lane):
        async with Spawner(preload=f"{HOSTILE}:{function}") as spawner:
            outputs: dict[int, Any] = {1: Output(answer.extend), 2: Output(log.extend)}
            confinement = jail.for_command(lane, 30)
            async with await spawner.start(
                (), cwd=lane, env={}, outputs=outputs, confinement=confinement, files=[file]
            ) as child:
                yield child, answer
    assert not log, log.decode()


@pytest.mark.parametrize("own_user", [True, False])
async def test_what_a_hostile_reader_can_do(tmp_path: Path, file: ArrivingFile, own_user: bool) -> None:
    before = open_descriptors()
    async with run(tmp_path, "serve", file, own_user=own_user) as (child, answer):
        assert (await asyncio.wait_for(child.wait(), 30)).code == 0
    assert json.loads(answer) == {
        "open": 400,
        "read": "aaaa",
        "read from the ticket itself": 0,
        "write": "EBADF",
        **dict.fromkeys(("pread", "readv", "preadv", "sendfile", "splice", "copy", "map"), "EACCES"),
        **dict.fromkeys(("duplicate", "duplicate by dup2", "open it by its number"), "EACCES"),
        "exchange a ticket that was not given": "EBADF",
        "read a number that is not open": "EBADF",
        "close a number that is not open": "EBADF",
        "read more than memory": "EFAULT",
        "read to nowhere": "EFAULT",
        "read behind the end": 0,
        "read at a negative place": "EINVAL",
        "flood": 5000,
        "open too many": "EMFILE",
        "close and open again": 300,
        "threads that open, read and close": 8,
        "read after that": "aaaa",
    }
    await until_async(lambda: (file.waiting, file.readers, open_descriptors()) == (0, 0, before))


async def test_a_program_that_waits_for_bytes_can_be_killed(tmp_path: Path, missing: ArrivingFile) -> None:
    async with run(tmp_path, "wait_for_ever", missing, own_user=True) as (child, _):
        await until_async(lambda: missing.waiting == 4)
        child.kill()
        assert (await asyncio.wait_for(child.wait(), 10)).signal == 9
    await until_async(lambda: (missing.waiting, missing.readers) == (0, 0))


async def test_reads_fail_at_once_when_nobody_answers_any_more(tmp_path: Path, missing: ArrivingFile) -> None:
    """The kernel does the same when the worker dies: the listener is closed."""
    async with run(tmp_path, "wait_for_ever", missing, own_user=True) as (child, answer):
        await until_async(lambda: missing.waiting == 4)
        assert child.reads is not None
        child.reads.close()
        assert (await asyncio.wait_for(child.wait(), 10)).code == 0
        assert not alive(child.pid)
    assert answer.count(b"ENOSYS") == 4
