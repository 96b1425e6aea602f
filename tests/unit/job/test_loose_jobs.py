"""Jobs as no-code tools send them: unused fields blank, numbers and switches as text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ffmpeg_worker.composition.text_layer import TextLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.canvas import CanvasData
from ffmpeg_worker.job.actions.canvas_preview import PreviewData
from ffmpeg_worker.job.actions.vmaf import VmafData
from ffmpeg_worker.job.parse import parse_action, parse_job
from ffmpeg_worker.job.queue_fields import QueueFields
from ffmpeg_worker.runpod_worker.request import read_request
from support.docs.code_blocks import find_code
from support.docs.json_examples import ROOT

CHAIN = ["-i", "a.mp4", "b.mp4"]
TEXT = {"type": "text", "text": "Hello", "duration": 1}
QUEUE_FIELDS = [field.alias or name for name, field in QueueFields.model_fields.items()]
MINIMAL: dict[str, dict[str, Any]] = {
    "process": {"chainCmds": CHAIN},
    "multi_process": {"processes": [{"chainCmds": CHAIN}]},
    "probe": {"input": "a.mp4"},
    "vmaf": {"input1": "a.mp4", "input2": "b.mp4"},
    "canvas": {"json": {"layers": [TEXT]}},
    "canvas_preview": {"json": {"layers": [TEXT]}},
    "download": {"input": "a.mp4"},
    "upload": {"input": "a.mp4"},
}


def optional_keys(action: str) -> list[str]:
    data = ACTIONS[action].data
    own = [field.alias or name for name, field in data.model_fields.items() if not field.is_required()]
    return [
        *(name for name in own if name not in MINIMAL[action]),
        "inputs",
        "upload",
        "s3Config",
        "timeout",
        "metadata",
    ]


def as_read(job: Any) -> Any:
    return job.model_copy(update={"notes": ()})


@pytest.mark.parametrize("blank", [None, "", "  "])
@pytest.mark.parametrize("action", MINIMAL)
def test_blank_optional_fields_are_not_given(action: str, blank: Any) -> None:
    """Each on its own, and all at once."""
    plain = parse_action(action, MINIMAL[action])
    assert plain.notes == ()
    keys = optional_keys(action)
    for key in keys:
        loose = parse_action(action, {**MINIMAL[action], key: blank})
        assert as_read(loose) == plain, key
        assert loose.notes == (f'Read as not given, because empty or null: "{key}".',)
    assert as_read(parse_action(action, {**MINIMAL[action], **dict.fromkeys(keys, blank)})) == plain


@pytest.mark.parametrize(
    ("action", "field", "path"),
    [
        ("process", {"inputs": {"a": {"url": "x", "sha256": "", "headers": None}}}, "inputs.a.sha256"),
        ("process", {"inputs": {"a": {"content": "x", "name": ""}}}, "inputs.a.name"),
        ("process", {"inputs": {"a": "x", "b": "", "c": None}}, "inputs.b"),
        ("process", {"inputs": [{"url": "x", "sha256": ""}]}, "inputs[0].sha256"),
        ("process", {"upload": {"bucket": "b", "url": "", "urls": None, "cloud_type": ""}}, "upload.url"),
        ("process", {"upload": {"bucket": "b", "presign": "", "headers": ""}}, "upload.presign"),
        ("multi_process", {"processes": [{"chainCmds": CHAIN, "output": ""}]}, "processes[0].output"),
        ("download", {"input": {"url": "x", "sha256": ""}}, "input.sha256"),
        ("canvas", {"poster": {"time": 1, "name": ""}}, "poster.name"),
        ("canvas", {"json": {"layers": [{**TEXT, "x": "", "style": {"color": ""}}]}}, "json.layers[0].x"),
        ("canvas", {"json": {"layers": [TEXT], "duration": "", "fonts": None}}, "json.duration"),
        ("canvas", {"audio": [{"url": "a.mp3", "endTime": "", "fadeIn": None}]}, "audio[0].endTime"),
    ],
)  # fmt: skip
def test_blank_fields_inside_are_not_given(action: str, field: dict[str, Any], path: str) -> None:
    def without_blanks(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_blanks(item) for key, item in value.items() if item not in (None, "")}
        return [without_blanks(item) for item in value] if isinstance(value, list) else value

    loose = parse_action(action, MINIMAL[action] | field)
    assert as_read(loose) == parse_action(action, without_blanks(MINIMAL[action] | field))
    [note] = loose.notes
    assert f'"{path}"' in note


def test_an_empty_text_that_has_a_meaning_is_kept() -> None:
    credentials = {"aws_url": "", "aws_public_url": "", "aws_region": "", "aws_access_key_id": ""}
    job = parse_action(
        "process", {"chainCmds": CHAIN, "upload": {"bucket": "b", "key": "", "credentials": credentials}}
    )
    assert job.notes == ()
    with pytest.raises(InvalidJob, match="at least 1 character"):
        parse_action("canvas", {"json": {"layers": [{"type": "text", "text": ""}]}})
    cue = {"start": 0, "end": 1, "text": ""}
    assert parse_action("canvas", {"json": {"layers": [{"type": "subtitles", "cues": [cue]}]}}).notes == ()
    assert parse_action("process", {"chainCmds": CHAIN, "inputs": {"a": {"content": ""}}}).notes == ()
    variables = {"a": "", "b": "30", "c": None}
    [composition] = canvas({"layers": [{**TEXT, "text": "x{{a}}{{b}}{{c}}"}], "variables": variables}).compositions
    assert composition.variables == variables


@pytest.mark.parametrize(
    ("field", "preset"),
    [("stroke", "outline"), ("shadow", "title"), ("background", "box"), ("highlight", "karaoke")],
)
def test_null_in_a_style_is_none_of_what_the_preset_has(field: str, preset: str) -> None:
    def styled(**style: Any) -> Any:
        [composition] = canvas({"layers": [{**TEXT, "style": {"preset": preset, **style}}]}).compositions
        return composition.layers[0].style  # type: ignore[union-attr]

    assert getattr(styled(), field)
    assert not getattr(styled(**{field: None}), field)
    assert styled(**{field: ""}) == styled()
    assert parse_action("canvas", {"json": {"layers": [{**TEXT, "style": {field: None}}]}}).notes == ()


def canvas(composition: dict[str, Any], **fields: Any) -> CanvasData:
    data = parse_action("canvas", {"json": composition, **fields}).data
    assert isinstance(data, CanvasData)
    return data


def test_numbers_and_switches_may_be_text() -> None:
    loose = canvas(
        {"width": "640", "height": "360", "fps": "25", "layers": [TEXT]},
        startTime="1", endTime="2.5", fps="30", vfi="60", crf="19", render_scale="0.5", transparent="false",
        lint="TRUE", poster="1.5",
    )  # fmt: skip
    exact = canvas(
        {"width": 640, "height": 360, "fps": 25, "layers": [TEXT]},
        startTime=1, endTime=2.5, fps=30, vfi=60, crf=19, render_scale=0.5, transparent=False,
        lint=True, poster=1.5,
    )  # fmt: skip
    assert loose == exact
    vmaf = parse_action("vmaf", {"input1": "a", "input2": "b", "subsample": "2", "threads": "4"})
    assert isinstance(vmaf.data, VmafData)
    assert (vmaf.data.subsample, vmaf.data.threads) == (2, 4)
    assert vmaf.notes == ('Read text as a number: "subsample", "threads".',)
    preview = parse_action("canvas_preview", {**MINIMAL["canvas_preview"], "t": "0.5", "width": "64", "row": "0"})
    assert isinstance(preview.data, PreviewData)
    assert (preview.data.t, preview.data.width) == (0.5, 64)
    assert parse_action("multi_process", {**MINIMAL["multi_process"], "fuse": "false"}).notes == (
        'Read text as true or false: "fuse".',
    )


LAYERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"x": "10", "y": "50%", "opacity": "0.5"}, {"x": 10, "y": "50%", "opacity": 0.5}),
    ({"start": "2", "duration": "3", "z": "1"}, {"start": 2, "duration": 3, "z": 1}),
    ({"fontSize": "40"}, {"fontSize": 40}),
    ({"style": {"font-size": "40", "font_weight": "700"}}, {"style": {"font-size": 40, "font_weight": 700}}),
    ({"style": {"shadow": {"y": "4"}}}, {"style": {"shadow": {"y": 4}}}),
    ({"style": {"background": {"padding": ["4", "8"]}}}, {"style": {"background": {"padding": [4, 8]}}}),
    ({"style": {"background": {"padding": "4"}}}, {"style": {"background": {"padding": 4}}}),
    ({"scale": [{"time": "0", "value": "1"}]}, {"scale": [{"time": 0, "value": 1}]}),
    ({"animation": {"type": "pop", "stagger": "0.1"}}, {"animation": {"type": "pop", "stagger": 0.1}}),
]  # fmt: skip


@pytest.mark.parametrize(("loose", "exact"), [pair for pair in LAYERS if "fontSize" not in pair[0]])
def test_numbers_of_layers_may_be_text(loose: dict[str, Any], exact: dict[str, Any]) -> None:
    group = {"type": "group", "layers": [TEXT | loose]}
    assert canvas({"layers": [TEXT | loose, group]}) == canvas(
        {"layers": [TEXT | exact, {"type": "group", "layers": [TEXT | exact]}]}
    )


def test_a_variable_may_hold_a_number_as_text() -> None:
    layers = [{**TEXT, "x": "{{x}}", "style": {"font_size": "{{size}}"}}]
    job = parse_action("canvas", {"json": {"layers": layers, "variables": {"x": "", "size": "40"}}})
    assert isinstance(job.data, CanvasData)
    [composition] = job.data.compositions
    [layer] = composition.layers
    assert isinstance(layer, TextLayer)
    assert (layer.x, layer.style.font_size) == (None, 40.0)
    assert job.notes == (
        'Read as not given, because empty or null: "json.layers[0].x".',
        'Read text as a number: "json.layers[0].style.font_size".',
    )


def test_the_legacy_schema_of_compositions() -> None:
    def nodes(start: Any, end: Any, fade: Any, **config: Any) -> dict[str, Any]:
        more = {"startTime": start, "endTime": end, "fadeIn": fade, **config}
        return {
            "dimensions": {"width": 64, "height": 64},
            "nodes": [{"type": "image", "config": {"src": "a.png", **more}}],
        }

    exact = canvas(nodes(1, 5, 0.5, position={"x": 3}))
    assert canvas(nodes("1", "5", "0.5", position={"x": "3"})) == exact
    [composition] = exact.compositions
    assert (composition.layers[0].start, composition.layers[0].duration) == (1.0, 4.0)  # type: ignore[union-attr]
    blank = parse_action("canvas", {"json": nodes(None, "", None, position="", trimStart="")})
    assert isinstance(blank.data, CanvasData)
    plain = {"dimensions": {"width": 64, "height": 64}, "nodes": [{"type": "image", "config": {"src": "a.png"}}]}
    assert blank.data == canvas(plain)
    [note] = blank.notes
    assert '"json.nodes[0].config.endTime"' in note


@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        ("process", "timeout", "30s"),
        ("process", "timeout", "0x1e"),
        ("process", "timeout", "1e400"),
        ("process", "timeout", "-1"),
        ("vmaf", "subsample", "1.5"),
        ("vmaf", "threads", "two"),
        ("multi_process", "fuse", "yes"),
        ("multi_process", "fuse", 1),
        ("canvas", "crf", "19,5"),
    ],
)
def test_what_is_no_number_is_refused(action: str, field: str, value: Any) -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_action(action, {**MINIMAL[action], field: value})
    assert caught.value.where == {"field": field}


@pytest.mark.parametrize("blank", [None, ""])
@pytest.mark.parametrize("field", sorted(QUEUE_FIELDS))
def test_blank_fields_of_queued_jobs_ask_for_nothing(field: str, blank: Any) -> None:
    plain = parse_job({"action": "probe", "data": {"input": "a"}})
    beside = parse_job({"action": "probe", "data": {"input": "a"}, field: blank})
    inside = parse_job({"action": "probe", "data": {"input": "a", field: blank}})
    assert as_read(beside) == as_read(inside) == plain
    assert beside.notes == (f'Read as not given, because empty or null: "{field}".',)
    assert inside.notes == (f'Read as not given, because empty or null: "data.{field}".',)


@pytest.mark.parametrize(
    "job",
    [
        {"action": "probe", "data": {"input": "a"}, "path": None, "body": ""},
        {"action": "", "data": None, "path": "/ffmpeg/probe", "body": {"input": "a"}},
        {"action": "probe", "data": {"input": "a", "timeout": ""}, "timeout": None},
    ],
)
def test_the_other_spelling_may_be_blank(job: dict[str, Any]) -> None:
    assert as_read(parse_job(job)) == parse_job({"action": "probe", "data": {"input": "a"}})


@pytest.mark.parametrize("blank", [None, ""])
def test_a_field_stands_beside_or_inside_the_data(blank: Any) -> None:
    for outer, inner in ((5, blank), (blank, 5)):
        job = parse_job({"action": "probe", "data": {"input": "a", "timeout": inner}, "timeout": outer})
        assert job.timeout == 5


def test_either_name_of_a_composition_may_be_blank() -> None:
    job = parse_action("canvas", {"json": None, "composition": {"layers": [TEXT]}})
    assert as_read(job) == parse_action("canvas", MINIMAL["canvas"])


def test_the_query_of_a_preview_may_be_blank() -> None:
    job = parse_action("canvas_preview", {**MINIMAL["canvas_preview"], "t": 0.5}, {"t": "", "width": "64"})
    assert isinstance(job.data, PreviewData)
    assert (job.data.t, job.data.width) == (0.5, 64)


def test_the_example_of_the_documentation() -> None:
    page = ROOT / "docs" / "jobs.md"
    job = parse_job(json.loads(find_code(page, "jsonc", '"hardware": null')))
    assert list(job.notes) == find_code(page, "text", "Read text as a number").splitlines()


def test_no_note_shows_a_secret() -> None:
    secret = "canary-7f3a"
    credentials = {"aws_access_key_id": secret, "aws_secret_access_key": secret, "aws_region": None}
    job = parse_action(
        "process",
        {
            "chainCmds": CHAIN,
            "timeout": "30",
            "inputs": {"a": {"url": f"https://h/a?sig={secret}", "headers": {"X": secret}, "sha256": ""}},
            "upload": {"bucket": "b", "credentials": credentials, "presign": "60"},
        },
    )
    assert len(job.notes) == 2
    assert secret not in " ".join(job.notes)


@pytest.mark.parametrize(
    ("fields", "timeout"),
    [
        ({"action": "probe", "data": {"input": "a"}, "timeout": ""}, 8.1),
        ({"action": "probe", "data": {"input": "a", "timeout": None}}, 8.1),
        ({"action": "probe", "data": {"input": "a", "timeout": ""}, "timeout": "30"}, "30"),
        ({"action": "probe", "data": {"input": "a"}, "path": "", "timeout": 30}, 30),
    ],
)
def test_a_job_of_runpod_with_a_blank_timeout_gets_that_of_its_policy(
    fields: dict[str, Any], timeout: Any
) -> None:
    request = read_request({"input": fields, "policy": {"executionTimeout": 10_000}}, max_bytes=1000)
    assert json.loads(request.body)["timeout"] == timeout
