"""The command line in this process, with jobs whose end a test decides."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.cli import local_worker, main
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.settings import Settings, environment_variable_of


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


Call = Callable[..., Ended]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Call]:
    """Run a command in an empty folder, without any setting of this machine."""
    for name in Settings.model_fields:
        monkeypatch.delenv(environment_variable_of(name), raising=False)
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("ffmpeg_worker")
    before = (logger.handlers[:], logger.level, logger.propagate)

    def call(*arguments: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["ffmpeg-worker", *arguments])
        code: Any = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    yield call
    logger.handlers[:], logger.level, logger.propagate = before


@dataclass
class FakeRuns:
    """Records the jobs of commands, and ends each with `end`: an error, or a result."""

    end: Exception | JobResult
    jobs: list[Job] = field(default_factory=list)
    settings: list[Settings] = field(default_factory=list)

    async def run(self, job: Job, settings: Settings, _observer: Any) -> JobResult:
        self.jobs.append(job)
        self.settings.append(settings)
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> FakeRuns:
    """Jobs that do not run."""
    fake = FakeRuns(RuntimeError("no end was chosen"))
    monkeypatch.setattr(local_worker, "_run", fake.run)
    return fake
