"""Presets of jobs as they are read: names, parameters and inputs, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.parse import parse_action, parse_job
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.presets.gif import GifParameters
from ffmpeg_worker.planning.read_job import read_body, read_job

MACHINE = Machine(cores=2)


def read(data: dict[str, Any], inputs: Any = None, machine: Machine = MACHINE) -> ReadJob[Any]:
    common = {} if inputs is None else {"inputs": inputs}
    return read_job(parse_job({"action": "process", "data": data, **common}), machine)


def refuse(data: dict[str, Any], inputs: Any = None, machine: Machine = MACHINE) -> WorkerError:
    with pytest.raises(WorkerError) as caught:
        read(data, inputs, machine)
    return caught.value


def keys(data: dict[str, Any], inputs: Any = None) -> list[tuple[str, str]]:
    return [(one.slot, one.key) for one in read(data, inputs).presets[0].inputs]


def test_parameters_stand_beside_the_preset_or_in_parameters() -> None:
    flat = read({"preset": "gif", "input": "a.mp4", "width": 100, "fps": 10})
    nested = read({"preset": "gif", "input": "a.mp4", "parameters": {"width": 100, "fps": 10}})
    mixed = read({"preset": "gif", "input": "a.mp4", "parameters": {"width": 100}, "fps": 10})
    wanted = GifParameters(width=100, fps=10.0)
    assert [one.presets[0].parameters for one in (flat, nested, mixed)] == [wanted] * 3
    assert flat.needs_media
    assert flat.required_inputs[0].is_media


def test_loose_values_of_parameters_are_read_and_reported() -> None:
    found = read({"preset": "gif", "input": "a.mp4", "width": "100", "start": "", "duration": None})
    assert found.presets[0].parameters == GifParameters(width=100)
    assert found.job.notes == (
        'Read as not given, because empty or null: "data.start", "data.duration".',
        'Read text as a number: "data.width".',
    )


def test_a_route_has_paths_without_data() -> None:
    job = parse_action("process", {"preset": "gif", "input": "a.mp4", "width": 1})
    with pytest.raises(InvalidJob) as caught:
        read_job(job, MACHINE)
    assert caught.value.where == {"field": "width"}


@pytest.mark.parametrize(
    ("data", "inputs", "expected"),
    [
        ({"preset": "gif", "input": "a.mp4"}, None, [("video", "input")]),
        ({"preset": "gif", "input": {"url": "https://x.example/a.mp4"}}, None, [("video", "input")]),
        ({"preset": "gif"}, ["a.mp4"], [("video", "in_1")]),
        ({"preset": "gif", "input": "in_2"}, ["a.mp4", "b.mp4"], [("video", "in_2")]),
        ({"preset": "gif", "input": "{{in_2}}"}, ["a.mp4", "b.mp4"], [("video", "in_2")]),
        ({"preset": "watermark"}, ["a.mp4", "b.png"], [("video", "in_1"), ("mark", "in_2")]),
        ({"preset": "watermark"}, {"mark": "b.png", "video": "a.mp4"}, [("video", "video"), ("mark", "mark")]),
        ({"preset": "watermark"}, {"mark": "b.png", "film": "a.mp4"}, [("video", "film"), ("mark", "mark")]),
        ({"preset": "watermark", "input": "a.mp4"}, {"logo": "b.png"}, [("video", "input"), ("mark", "logo")]),
        ({"preset": "watermark", "input": ["a.mp4", "b.png"]}, None, [("video", "input"), ("mark", "input_2")]),
        (
            {"preset": "concat", "input": ["in_2", "in_1", "in_2"]},
            ["a", "b"],
            [("clips", f"in_{n}") for n in (2, 1, 2)],
        ),
        (
            {"preset": "burn_subtitles"},
            ["a.mp4", "a.srt", "f.ttf"],
            [("video", "in_1"), ("subtitles", "in_2"), ("fonts", "in_3")],
        ),
        (
            {"preset": "burn_subtitles", "input": ["in_1", {"content": "1\n", "name": "a.srt"}]},
            ["a.mp4", "b.mp4"],
            [("video", "in_1"), ("subtitles", "input")],
        ),
    ],
)
def test_inputs_get_their_slots(data: dict[str, Any], inputs: Any, expected: list[tuple[str, str]]) -> None:
    assert keys(data, inputs) == expected


def test_an_input_of_the_preset_is_fetched_once_like_the_others() -> None:
    found = read({"preset": "gif", "input": {"url": "https://x.example/a.mp4?key=secretkey"}})
    assert [(one.key, one.source) for one in found.required_inputs] == [
        ("input", FileSource(url="https://x.example/a.mp4?key=secretkey"))
    ]
    assert "key=secretkey" in found.secrets


GIF = {"preset": "gif", "input": "a.mp4"}
PNG = {"preset": "thumbnail", "input": "a.mp4"}


@pytest.mark.parametrize(
    ("data", "inputs", "code", "field", "hint"),
    [
        ({"preset": "gfi", "input": "a"}, None, "unknown_preset", "data.preset", 'Did you mean "gif"?'),
        ({"preset": "contact-sheet", "input": "a"}, None, "unknown_preset", "data.preset", '"contact_sheet"'),
        ({"preset": "make me rich", "input": "a"}, None, "unknown_preset", "data.preset", 'Known are "gif"'),
        (GIF | {"widht": 3}, None, "unknown_field", "data.widht", 'Did you mean "width"?'),
        (GIF | {"parameters": {"widht": 3}}, None, "unknown_field", "data.parameters.widht", '"width"'),
        (GIF | {"ouput": "x.gif"}, None, "unknown_field", "data.ouput", '"output"'),
        (GIF | {"width": 3}, None, "invalid_value", "data.width", "Width in pixels"),
        (GIF | {"width": "wide"}, None, "invalid_value", "data.width", "Width in pixels"),
        (GIF | {"dither": "much"}, None, "invalid_value", "data.dither", "colors"),
        (GIF | {"output": "x.mp4"}, None, "invalid_name", "data.output", "must end with .gif"),
        (GIF | {"output": ["x.gif", "y.gif"]}, None, "invalid_value", "data.output", "main result"),
        (PNG | {"output": "x"}, None, "invalid_name", "data.output", ".jpg, .jpeg, .png or .webp"),
        ({"preset": "speed", "input": "a.mp4"}, None, "missing_field", "data.factor", None),
        ({"preset": "gif"}, None, "missing_input", "data.input", '"video (video)"'),
        ({"preset": "watermark"}, ["a.mp4"], "missing_input", "data.input", '"mark (video)"'),
        ({"preset": "concat"}, ["a.mp4"], "missing_input", "data.input", "in this order"),
        ({"preset": "gif"}, ["a.mp4", "b.mp4"], "invalid_value", "data.input", '"input"'),
        ({"preset": "gif", "input": ["a.mp4", "b.mp4"]}, None, "invalid_value", "data.input", '"input"'),
        (GIF | {"input": "{{in_7}}"}, None, "unknown_input", None, "in_7"),
        ({"preset": "trim", "input": "a", "start": 5, "end": 4}, None, "invalid_value", "data", "later end"),
        ({"preset": "resize", "input": "a"}, None, "invalid_value", "data", "at least one"),
        (PNG | {"time": 10**400}, None, "invalid_value", "data.time", None),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    data: dict[str, Any], inputs: Any, code: str, field: str | None, hint: str | None
) -> None:
    error = refuse(data, inputs)
    assert error.code == code, error.message
    assert error.where.get("field") == field
    assert (hint or "") in (error.hint or "")
    assert error.fault == "caller"


def test_a_build_of_ffmpeg_may_lack_a_filter() -> None:
    error = refuse({"preset": "stabilize", "input": "a"}, machine=Machine(2, filters=frozenset({"scale"})))
    assert error.code == "unsupported_feature"
    assert "vidstabdetect" in error.message
    read({"preset": "gif", "input": "a"}, machine=Machine(2, filters=frozenset({"scale"})))


def test_processes_may_be_presets() -> None:
    processes = [
        {"preset": "gif", "input": "in_1"},
        {"chainCmds": "-i {{in_1}} b.mp4"},
        {"preset": "hls", "input": "c"},
    ]
    job = {"action": "multi_process", "inputs": ["a.mp4"], "data": {"processes": processes}}
    found = read_job(parse_job(job), MACHINE)
    assert {number: call.name for number, call in found.presets.items()} == {0: "gif", 2: "hls"}
    assert [one.key for one in found.required_inputs] == ["in_1", "processes_2_input"]
    processes[2]["heights"] = 7  # type: ignore[assignment]
    with pytest.raises(WorkerError) as caught:
        read_job(parse_job(job), MACHINE)
    assert caught.value.where == {"field": "data.processes[2].heights", "process": 2}


def test_a_large_job_with_a_preset_can_be_sent_to_another_process() -> None:
    import pickle

    body = JobBody("process", b'{"preset": "loudness", "input": "a.mp4"}')
    found = read_body(body, MACHINE)
    assert pickle.loads(pickle.dumps(found)).presets == found.presets
