"""A worker that runs random jobs, and checks after each one that nothing leaked, changed or stayed."""

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
from fuzz.planted import Planted, plant_secrets
from support.processes import alive
from support.wait_until import until_async
from support.worker import Worker, open_worker

TIMEOUT_S = 2
_GRACE_S = 15
_MAX_SCANNED = 8 << 20
_LIMITS: dict[str, Any] = {
    "max_memory_bytes": 512 << 20,
    "max_output_file_bytes": 20 << 20,
    "max_job_bytes": 40 << 20,
    "max_job_files": 500,
    "ffprobe_path": "none",
}


def known_codes() -> frozenset[str]:
    """Return every word of the source that may be an error code, except the code of unexpected errors."""
    sources = "".join(path.read_text() for path in Path(errors.__file__).parent.rglob("*.py"))
    composed = {f"{kind}_unknown" for kind in ("option", "filter", "format", "bitstream_filter")}
    return frozenset(({*re.findall(r'"([a-z_]+)"', sources)} | composed) - {WorkerError.code})


@dataclass
class CheckedWorker:
    """Runs jobs one after the other, and checks the effects of each."""

    worker: Worker
    planted: Planted
    kept_files: frozenset[str]
    codes: frozenset[str] = field(default_factory=known_codes)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def hostile_values(self) -> list[str]:
        """Values that try to read the secrets."""
        return hostile_values(str(self.planted.secret), self.planted.port)

    async def run_and_check(self, job: dict[str, Any], label: str) -> str:
        """Run a job and check its effects; return `succeeded` or its error code. Failures name the label."""
        description = f"FUZZ_SEED={label}: {json.dumps(job)}"
        outcome, response = await self._run(job, description)
        self.outcomes[outcome] += 1
        assert self.worker.leftovers() == [], description
        await until_async(lambda: self._find_processes() == [], within_s=5)
        leaked = self.planted.find_leaks(response)
        for path in self._find_outputs():
            leaked |= self.planted.find_leaks(os.fsencode(path))
            if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_SCANNED:
                assert not path.is_symlink(), description
                continue
            leaked |= self.planted.find_leaks(path.read_bytes())
        assert leaked == set(), f"{leaked} in {response}\n{description}"
        accesses = self.planted.find_accesses()
        assert accesses == [], f"{accesses}\n{description}"
        self._remove_outputs()
        return outcome

    async def _run(self, job: dict[str, Any], description: str) -> tuple[str, str]:
        try:
            async with asyncio.timeout(TIMEOUT_S + _GRACE_S):
                result = await self.worker.run({"timeout": TIMEOUT_S, **job})
        except WorkerError as error:
            return error.code, self._check_error(error, description)
        except TimeoutError:
            raise AssertionError(f"the job hangs: {description}") from None
        except Exception as error:
            raise AssertionError(f"{error!r}: {description}") from error
        return "succeeded", json.dumps(result, ensure_ascii=False)

    def _check_error(self, error: WorkerError, description: str) -> str:
        response = json.dumps([error.as_problem("id"), error.detail], ensure_ascii=False)
        assert error.code in self.codes, f"{error.code}: {response}\n{description}"
        assert f"{error.message}{error.hint or ''}".isprintable(), f"{response}\n{description}"
        return response

    def _find_processes(self) -> list[int]:
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

    def _find_outputs(self) -> list[Path]:
        return [
            path
            for path in self.worker.data.rglob("*")
            if str(path.relative_to(self.worker.data)) not in self.kept_files and not path.is_dir()
        ]

    def _remove_outputs(self) -> None:
        for path in self.worker.data.iterdir():
            if path.name not in self.kept_files:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for path in self._find_outputs():
            path.unlink()


@asynccontextmanager
async def open_checked_worker(root: Path, **settings: Any) -> AsyncIterator[CheckedWorker]:
    """Open a worker whose data root is `root / "data"`; the files in it stay."""
    data = root / "data"
    kept_files = frozenset(str(path.relative_to(data)) for path in data.rglob("*"))
    with plant_secrets(root / "outside") as secrets:
        async with open_worker(root, **{**_LIMITS, **settings}) as worker:
            yield CheckedWorker(worker, secrets, kept_files)


def as_job(commands: Any, chance: random.Random) -> dict[str, Any]:
    """Return a `process` job of these commands, with one named input and sometimes a named output."""
    data: dict[str, Any] = {"chainCmds": commands}
    if chance.random() < 0.1:
        data["output"] = chance.choice(("o.mp4", "o0.mkv", "x/y.mp4", "../x.mp4", "%03d.png"))
    return {"action": "process", "data": data, "inputs": {"in_1": "clip.mp4"}}
