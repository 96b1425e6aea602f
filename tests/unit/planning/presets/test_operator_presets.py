"""Presets of the operator: what their files may have, and what they become."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from ffmpeg_worker.errors import Misconfigured, WorkerError
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.job.operator_preset import OperatorPreset
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.planning.make_plan import make_plan
from ffmpeg_worker.planning.presets.describe_preset import describe_preset
from ffmpeg_worker.planning.presets.find_preset import find_preset
from ffmpeg_worker.planning.presets.operator_preset_file import read_operator_preset
from ffmpeg_worker.planning.read_job import read_job
from ffmpeg_worker.planning.steps import FfmpegStep

FILE: dict[str, Any] = {
    "description": "Write a title.",
    "parameters": {
        "size": {"type": "integer", "minimum": 8, "maximum": 99, "default": 20, "description": "Size."},
        "gray": {"type": "boolean", "default": False, "description": "Gray."},
        "speed": {"type": "string", "enum": ["fast", "slow"], "description": "Speed."},
        "factor": {"type": "number", "minimum": 0, "default": 0.5, "description": "Factor."},
        "title": {"type": "string", "maxLength": 20, "default": "none", "description": "Title."},
    },
    "required": ["speed"],
    "output": "titled.mp4",
    "chainCmds": [
        *("-i", "{{in_1}}", "-vf", "scale={{size}}:-2,hue=s={{gray}}", "-af", "volume={{factor}}"),
        *("-metadata", "title={{title}}", "-preset", "{{speed}}", "titled.mp4"),
    ],
}


def make(changes: dict[str, Any] | None = None, *, option_policy: bool = True) -> OperatorPreset:
    return read_operator_preset({**FILE, **(changes or {})}, "titled.json", option_policy=option_policy)


def arguments(data: dict[str, Any], machine: Machine) -> tuple[str, ...]:
    job = parse_job({"action": "process", "data": {"preset": "titled", "input": "a.mp4", **data}})
    files = LocalFiles({"input": LocalFile(path=None, staged="0.mp4", size=1, media=MediaInfo("mov", ()))})  # type: ignore[arg-type]
    (lane,) = make_plan(read_job(job, machine), files, machine).lanes
    (step,) = lane.steps
    assert isinstance(step, FfmpegStep)
    return step.invocation.arguments


def test_the_template_is_filled() -> None:
    machine = Machine(2, option_policy=False, operator_presets=(make(),))
    found = arguments({"speed": "fast", "size": 30, "gray": True, "title": "A; B", "output": "x.mp4"}, machine)
    assert found == (
        *("-i", "file:_in/0.mp4", "-vf", "scale=30:-2,hue=s=1", "-af", "volume=0.5"),
        *("-metadata", "title=A; B", "-preset", "fast", "file:x.mp4"),
    )


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({}, "missing_field", "data.speed"),
        ({"speed": "slwo"}, "invalid_value", "data.speed"),
        ({"speed": "slow", "size": 100}, "invalid_value", "data.size"),
        ({"speed": "slow", "factor": -1}, "invalid_value", "data.factor"),
        ({"speed": "slow", "title": "x" * 21}, "invalid_value", "data.title"),
        ({"speed": "slow", "more": 1}, "unknown_field", "data.more"),
        ({"speed": "slow", "output": "x.webm"}, "invalid_name", "data.output"),
    ],
)
def test_parameters_are_checked(data: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(WorkerError) as caught:
        arguments(data, Machine(2, operator_presets=(make(),)))
    assert (caught.value.code, caught.value.where["field"]) == (code, field)


def test_a_parameter_can_do_only_what_a_caller_may() -> None:
    filters = {"type": "string", "default": "null", "description": "Filters."}
    own = make(
        {"parameters": {"filters": filters}, "required": [], "chainCmds": "-i {{in_1}} -vf {{filters}} titled.mp4"}
    )
    machine = Machine(2, operator_presets=(own,))
    with pytest.raises(WorkerError) as caught:
        arguments({"filters": "movie=/etc/passwd"}, machine)
    assert caught.value.fault == "caller"
    assert caught.value.code in {"forbidden_option", "path_outside_root"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"description": ""}, "description must have at least 1 character"),
        ({"output": []}, "output"),
        ({"color": "red"}, "color is not a known field"),
        ({"name": "Big Name"}, "name must be"),
        ({"name": "gif"}, "name of a preset of the worker"),
        ({"chainCmds": "-i {{in_1}} -vf scale={{widht}}:-2 titled.mp4"}, '"{{widht}}", which is neither'),
        ({"chainCmds": "-i {{in_2}} titled.mp4"}, '"{{in_2}}", which is neither'),
        ({"chainCmds": "-i {{in_1}} -f tee -map 0 '[f=mp4]/etc/x'"}, "chainCmds"),
        ({"chainCmds": "-i {{in_1}} -vf movie=/etc/passwd titled.mp4"}, "chainCmds"),
        ({"chainCmds": ""}, "chainCmds is empty"),
        ({"required": ["sped"]}, 'required names "sped"'),
        ({"required": []}, '"speed" has no default'),
        ({"parameters": {"output": FILE["parameters"]["size"]}}, '"output" cannot be the name'),
        ({"parameters": {"timeout": FILE["parameters"]["size"]}}, '"timeout" cannot be the name'),
        ({"parameters": {"in_1": FILE["parameters"]["size"]}}, '"in_1" cannot be the name'),
        ({"parameters": {"a": {"type": "object", "description": "x"}}}, "parameters.a.type must be one of"),
        ({"parameters": {"a": {"type": "string", "description": "x", "minimum": 1}}}, "only numbers have"),
        ({"parameters": {"a": {"type": "number", "description": "x", "default": "y"}}}, "that is no number"),
        ({"parameters": {"a": {"type": "number", "default": 1}}}, "parameters.a.description is required"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        make(changes)
    assert "titled.json" in caught.value.message
    assert words in caught.value.message
    assert caught.value.hint


def test_without_option_policy_the_operator_may_do_everything() -> None:
    make({"chainCmds": "-i {{in_1}} -vf scale={{size}}:-2,movie=/etc/x titled.mp4"}, option_policy=False)


def test_it_is_described_like_the_others() -> None:
    own = make({"example": {"speed": "slow"}})
    entry = describe_preset(find_preset("titled", [own])).as_json()
    assert entry["is_operators"] is True
    assert entry["parameters"]["required"] == ["speed"]
    assert entry["parameters"]["properties"]["speed"]["enum"] == ["fast", "slow"]
    assert entry["parameters"]["properties"]["size"]["maximum"] == 99
    assert entry["example"] == {
        "action": "process",
        "data": {"preset": "titled", "input": "clips/intro.mp4", "speed": "slow"},
    }


def test_it_can_be_sent_to_another_process() -> None:
    machine = Machine(2, operator_presets=(make(),))
    assert pickle.loads(pickle.dumps(machine)) == machine
    job = parse_job({"action": "process", "data": {"preset": "titled", "input": "a.mp4", "speed": "slow"}})
    read = read_job(job, machine)
    assert pickle.loads(pickle.dumps(read)).presets == read.presets
