"""A new action needs only a descriptor and a planner."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.placed_files import TextFile
from ffmpeg_worker.planning.plan import Lane, Plan, Summary
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.planners.table import PLANNERS
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import FfmpegStep
from support.jobs.toy_action import ToyJob, add_toy_action
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

TONE = ("-f", "lavfi", "-i", "sine=d=0.2", "file:hello.flac")


class ToyPlanner(Planner[ToyJob]):
    """Plans a text file with a name, and an audio file with a tone."""

    def read(self, job: ToyJob, machine: Machine) -> ReadJob[ToyJob]:
        return ReadJob(job, required_inputs=())

    def plan(self, read: ReadJob[ToyJob], files: LocalFiles, machine: Machine) -> Plan:
        name = TextFile("name.json", json.dumps(read.job.data.name))
        step = FfmpegStep(Invocation(TONE), setup=(name,), expected_s=0.2)
        return Plan(
            (Lane((step,), (Artifact("hello.flac", "hello.flac"),), summary=Summary(_greet, (name.name,))),)
        )


def _greet(_results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
    return {"greeting": f"Hello {json.loads(files['name.json'])}"}


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    add_toy_action(monkeypatch)
    monkeypatch.setitem(PLANNERS, "toy", ToyPlanner())


async def test_a_new_action_runs_from_parsing_to_its_result(worker: Worker) -> None:
    result = await worker.run({"action": "toy", "data": {"name": "Ada"}, "metadata": {"order": 7}})
    assert (result["greeting"], result["metadata"]) == ("Hello Ada", {"order": 7})
    (output,) = result["outputs"]
    assert output["media"]["duration"] == pytest.approx(0.2, abs=0.01)
    assert (worker.data / "hello.flac").stat().st_size == output["size"]
