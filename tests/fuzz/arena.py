"""A worker among secrets, with checks that must hold after each job."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ffmpeg_worker import errors
from ffmpeg_worker.errors import WorkerError
from fuzz.commands import hostile_values
from fuzz.planted import Planted, planted
from support.processes import alive
from support.wait_until import until_async
from support.worker import Worker, open_worker

TIMEOUT_S = 2
_LATE_S = 15
_MAX_SCANNED = 8 << 20
_LIMITS: dict[str, Any] = {
    "max_memory_bytes": 512 << 20,
    "max_output_file_bytes": 20 << 20,
    "max_job_bytes": 40 << 20,
    "max_job_files": 500,
    "ffprobe_path": "none",
}


def known_codes() -> frozenset[str]:
    """Every word of the worker's source that may be an error code, except that of unexpected errors."""
    sources = "".join(path.read_text() for path in Path(errors.__file__).parent.rglob("*.py"))
    made = {f"{kind}_unknown" for kind in ("option", "filter", "format", "bitstream_filter")}
    return frozenset(({*re.findall(r'"([a-z_]+)"', sources)} | made) - {WorkerError.code})


@dataclass
class Arena:
    """Runs jobs one after the other, and checks their effects after each."""

    worker: Worker
    planted: Planted
    keep: frozenset[str]
    codes: frozenset[str] = field(default_factory=known_codes)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def hostile(self) -> list[str]:
        """Values that try to read the secrets."""
        return hostile_values(str(self.planted.secret), self.planted.port)

    async def survive(self, job: dict[str, Any], label: str) -> str:
        """Run a job and check its effects; returns `succeeded` or its error code. Failures name the label."""
        story = f"FUZZ_SEED={label}: {json.dumps(job)}"
        outcome, told = await self._run(job, story)
        self.outcomes[outcome] += 1
        assert self.worker.leftovers() == [], story
        await until_async(lambda: self._running() == [], within_s=5)
        leaked = self.planted.leaked_to(told)
        for path in self._made():
            leaked |= self.planted.leaked_to(os.fsencode(path))
            if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_SCANNED:
                assert not path.is_symlink(), story
                continue
            leaked |= self.planted.leaked_to(path.read_bytes())
        assert leaked == set(), f"{leaked} in {told}\n{story}"
        touched = self.planted.touched()
        assert touched == [], f"{touched}\n{story}"
        self._tidy()
        return outcome

    async def _run(self, job: dict[str, Any], story: str) -> tuple[str, str]:
        try:
            async with asyncio.timeout(TIMEOUT_S + _LATE_S):
                result = await self.worker.run({"timeout": TIMEOUT_S, **job})
        except WorkerError as error:
            return error.code, self._judge(error, story)
        except TimeoutError:
            raise AssertionError(f"it hangs: {story}") from None
        except Exception as error:
            raise AssertionError(f"{error!r}: {story}") from error
        return "succeeded", json.dumps(result, ensure_ascii=False)

    def _judge(self, error: WorkerError, story: str) -> str:
        told = json.dumps([error.as_problem("id"), error.detail], ensure_ascii=False)
        assert error.code in self.codes, f"{error.code}: {told}\n{story}"
        assert f"{error.message}{error.hint or ''}".isprintable(), f"{told}\n{story}"
        return told

    def _running(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and alive(int(entry.name)):
                try:
                    folder = (entry / "cwd").readlink()
                except OSError:
                    continue
                if folder.is_relative_to(self.worker.scratch):
                    found.append(int(entry.name))
        return found

    def _made(self) -> list[Path]:
        return [
            path
            for path in self.worker.data.rglob("*")
            if str(path.relative_to(self.worker.data)) not in self.keep and not path.is_dir()
        ]

    def _tidy(self) -> None:
        for path in self.worker.data.iterdir():
            if path.name not in self.keep:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for path in self._made():
            path.unlink()


@asynccontextmanager
async def open_arena(root: Path, **settings: Any) -> AsyncIterator[Arena]:
    """Open a worker on the files in `root / "data"`, which stay; settings as fields of `Settings`."""
    data = root / "data"
    keep = frozenset(str(path.relative_to(data)) for path in data.rglob("*"))
    with planted(root / "outside") as secrets:
        async with open_worker(root, **{**_LIMITS, **settings}) as worker:
            yield Arena(worker, secrets, keep)


def as_job(commands: Any, chance: random.Random) -> dict[str, Any]:
    """A `process` job of these commands, with one input under a name and sometimes a chosen output."""
    data: dict[str, Any] = {"chainCmds": commands}
    if chance.random() < 0.1:
        data["output"] = chance.choice(("o.mp4", "o0.mkv", "x/y.mp4", "../x.mp4", "%03d.png"))
    return {"action": "process", "data": data, "inputs": {"in_1": "clip.mp4"}}
