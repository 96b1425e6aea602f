"""A new action, declared in one descriptor as any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import pytest
from pydantic import Field

from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.action import Action, DefaultTarget
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.result import FilesResult


class ToyData(JobData):
    """A greeting."""

    name: str = Field(min_length=1, max_length=64, description="Who is greeted.", examples=["Ada"])
    password: str | None = Field(None, description="A secret of the caller.", examples=["…"])

    def secret_values(self) -> Sequence[str]:
        """See `JobData.secret_values`."""
        return [self.password] if self.password else []


class ToyJob(Job):
    """A job with action `toy`."""

    action: Literal["toy"]
    data: ToyData


class ToyResult(FilesResult):
    """Result of `toy`."""

    greeting: str = Field(description="The greeting.", examples=["Hello Ada"])


TOY = Action(
    name="toy",
    path="/toys/greet",
    job=ToyJob,
    result=ToyResult,
    summary="Greet somebody",
    request={"name": "Ada"},
    response={"outputs": [], "stats": {"seconds": 0.1}, "warnings": [], "greeting": "Hello Ada"},
    result_keys=frozenset({"greeting"}),
    default_target=DefaultTarget.DATA_ROOT,
)


def add_toy_action(monkeypatch: pytest.MonkeyPatch) -> Action:
    """Declare the action until the test ends."""
    monkeypatch.setitem(cast(dict[str, Action], ACTIONS), TOY.name, TOY)
    return TOY
