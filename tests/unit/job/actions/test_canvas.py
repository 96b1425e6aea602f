"""Jobs with a composition: its places in the request, its outputs, and combinations that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions.canvas import CanvasData, CanvasJob
from ffmpeg_worker.job.actions.canvas_preview import PreviewData, PreviewJob
from ffmpeg_worker.job.parse import parse_action, parse_job
from ffmpeg_worker.job.secrets import find_secrets

TEXT = {"type": "text", "text": "x"}
COMPOSITION: dict[str, Any] = {"width": 640, "height": 360, "layers": [TEXT]}
OLDER: dict[str, Any] = {
    "json": {
        "dimensions": {"width": 640, "height": 360},
        "nodes": [{"type": "image", "config": {"src": "a.png", "startTime": 0, "endTime": 5}}],
    },
    "startTime": 1,
    "endTime": 3,
    "fps": 25,
    "vfi": 50,
    "crf": 19,
    "output": "x.mp4",
    "audio": [{"url": "{{in_1}}", "startTime": 0, "endTime": 5, "fadeIn": 1, "fadeOut": 1, "volume": 0.5}],
}


def canvas(**data: Any) -> CanvasData:
    job = parse_job({"action": "canvas", "data": data})
    assert isinstance(job, CanvasJob)
    return job.data


def test_a_composition_is_found_in_every_place() -> None:
    wanted = canvas(json=COMPOSITION)
    assert canvas(composition=COMPOSITION) == wanted
    assert canvas(**COMPOSITION) == wanted
    by_route = parse_action("canvas", {**COMPOSITION, "timeout": 5})
    assert (by_route.data, by_route.timeout) == (wanted, 5)
    by_path = parse_job({"path": "/canvas/process", "body": {"json": COMPOSITION}})
    assert by_path.data == wanted


def test_keys_of_the_job_stay_with_the_job() -> None:
    sound = {"url": "a.mp3"}
    data = canvas(**COMPOSITION, audio=[sound], fps=25, crf=20, variables={"a": 1}, output="a.webm")
    assert (data.fps, data.crf, data.output) == (25.0, 20.0, "a.webm")
    assert [layer.type for layer in data.compositions[0].layers] == ["text", "audio"]
    assert data.compositions[0].variables == {"a": 1}
    assert canvas(**COMPOSITION, audio={"loudness": -14}).compositions[0].audio.loudness == -14


def test_the_legacy_shape_is_read() -> None:
    job = parse_job({"path": "/canvas/process", "body": OLDER, "inputs": ["a.mp3"]})
    assert isinstance(job, CanvasJob)
    assert (job.data.startTime, job.data.endTime, job.data.vfi) == (1.0, 3.0, 50.0)
    assert [layer.type for layer in job.data.compositions[0].layers] == ["image", "audio"]


def test_a_preview() -> None:
    job = parse_job(
        {"path": "/canvas/preview", "body": {"json": COMPOSITION, "t": 2.5, "width": 320, "output": "a.png"}}
    )
    assert isinstance(job, PreviewJob)
    assert (job.data.t, job.data.width, job.data.output) == (2.5, 320, "a.png")
    in_place = parse_action("canvas_preview", {**COMPOSITION, "t": 1})
    assert isinstance(in_place.data, PreviewData)
    assert (in_place.data.width, in_place.data.compositions[0].width) == (None, 640)


BAD: list[tuple[dict[str, Any], str, str, str]] = [
    ({}, "missing_field", "data.json", "required"),
    ({"json": {"layers": [TEXT | {"x": "5px"}]}}, "invalid_value", "data.json.layers[0].x", "as a number"),
    ({"composition": {"layers": [{}]}}, "invalid_value", "data.composition.layers[0]", "type"),
    ({"layers": [TEXT | {"x": "5px"}]}, "invalid_value", "data.layers[0].x", "as a number"),
    ({"json": COMPOSITION, "composition": COMPOSITION}, "invalid_value", "data", "both"),
    ({"json": COMPOSITION, "width": 5}, "unknown_field", "data.width", "Known here"),
    ({"json": COMPOSITION, "ouput": "a.mp4"}, "unknown_field", "data.ouput", '"output"'),
    ({"json": COMPOSITION, "startTime": 2, "endTime": 1}, "invalid_value", "data", "before"),
    ({"json": COMPOSITION, "startTime": -1}, "invalid_value", "data.startTime", "greater"),
    ({"json": COMPOSITION, "crf": 64}, "invalid_value", "data.crf", "63"),
    ({"json": COMPOSITION, "crf": 20, "quality": "high"}, "invalid_value", "data", "both"),
    ({"json": COMPOSITION, "fps": "x"}, "invalid_value", "data.fps", "30000/1001"),
    ({"json": COMPOSITION, "render_scale": 0}, "invalid_value", "data.render_scale", "0.05"),
    ({"json": COMPOSITION, "output": "a.xyz"}, "invalid_value", "data", ".webm"),
    ({"json": COMPOSITION, "output": "../a.mp4"}, "path_outside_root", "data.output", ".."),
    ({"json": COMPOSITION, "codec": "vp9"}, "invalid_value", "data", "h264"),
    ({"json": COMPOSITION, "vfi": 60, "output": "a.gif"}, "invalid_value", "data", "fps"),
    ({"json": COMPOSITION, "transparent": True}, "invalid_value", "data", ".webm (vp9)"),
    (
        {"json": COMPOSITION, "transparent": True, "output": "a.mov", "codec": "h264"},
        "invalid_value",
        "data",
        ".mov (prores)",
    ),
    ({"json": COMPOSITION | {"background": "transparent"}}, "invalid_value", "data", "opaque color"),
    (
        {"json": COMPOSITION | {"background": "#00000080"}, "output": "a.mov", "codec": "h264"},
        "invalid_value",
        "data",
        ".mov (prores)",
    ),
    (
        {"json": COMPOSITION | {"background": "{{bg}}"}, "variables": [{"bg": "red"}, {"bg": "#0000"}]},
        "invalid_value",
        "data",
        "opaque color",
    ),
    ({"json": COMPOSITION, "poster": "1s"}, "invalid_value", "data.poster.time", "number"),
    ({"json": COMPOSITION, "poster": {"name": "a.mp4"}}, "invalid_value", "data.poster", ".png"),
    ({"json": COMPOSITION, "audio": {}}, "invalid_value", "data.audio", "list"),
    ({"layers": [{"type": "image", "src": "{{in_2}}"}]}, "unknown_variable", "data.layers[0].src", "in_1"),
    (COMPOSITION | {"output": "{{a}}.mp4", "variables": [{"a": 1}, {"a": 1}]}, "invalid_value", "data", "rows"),
    ({"json": COMPOSITION, "output": "{{a}}.mp4"}, "invalid_value", "data", "two rows"),
    (
        {"json": COMPOSITION | {"variables": {"a": "x" * 256}}, "output": "{{a}}.mp4"},
        "invalid_value",
        "data",
        "255 bytes",
    ),
    (
        {"json": COMPOSITION | {"variables": {"a": "é" * 70}}, "output": "{{a}}{{a}}.mp4"},
        "invalid_value",
        "data",
        "255 bytes",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code", "field", "word"), BAD)
def test_refused(data: dict[str, Any], code: str, field: str, word: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_job({"action": "canvas", "data": data, "inputs": {"in_1": "a.mp4"}})
    assert (caught.value.code, caught.value.where) == (code, {"field": field})
    assert word in f"{caught.value.message} {caught.value.hint}"


def test_paths_of_a_route_begin_at_its_body() -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_action("canvas", {"json": {"layers": [TEXT | {"x": "5px"}]}})
    assert caught.value.where == {"field": "json.layers[0].x"}
    with pytest.raises(InvalidJob) as caught:
        parse_action("canvas", {"json": COMPOSITION, "output": "a.xyz"})
    assert caught.value.where == {"field": "body"}


@pytest.mark.parametrize(
    ("output", "codec", "transparent"),
    [("a.mp4", "h264", False), ("a.WEBM", "vp9", True), ("a.mov", "prores", True), ("a.mov", "h264", False)],
)
def test_the_extension_chooses_the_codec(output: str, codec: str, transparent: bool) -> None:
    assert canvas(json=COMPOSITION, output=output, transparent=transparent).chosen_codec == codec


@pytest.mark.parametrize(
    ("output", "background", "transparent", "keeps_alpha", "drawn"),
    [
        ("a.webm", "transparent", None, True, "transparent"),
        ("a.webm", "#ff000080", None, True, "#ff000080"),
        ("a.webm", None, None, False, "#000000"),
        ("a.webm", None, True, True, "transparent"),
        ("a.png", "#112233", True, True, "#112233"),
        ("a.mp4", "transparent", False, False, "transparent"),
    ],
)
def test_one_of_background_and_transparent_is_enough(
    output: str, background: str | None, transparent: bool | None, keeps_alpha: bool, drawn: str
) -> None:
    composition = COMPOSITION | ({"background": background} if background else {})
    data = canvas(json=composition, output=output, transparent=transparent)
    assert data.keeps_alpha == keeps_alpha
    assert data.with_background(data.compositions[0]).background == drawn


def test_lint_of_a_transparent_composition_needs_no_output() -> None:
    assert canvas(json=COMPOSITION | {"background": "transparent"}, lint=True).lint


def test_every_row_has_its_own_name() -> None:
    rows = [{"name": "Ada/../x"}, {"name": "Bob"}]
    assert canvas(json=COMPOSITION, variables=rows).output_names() == ("canvas-1.mp4", "canvas-2.mp4")
    assert canvas(json=COMPOSITION, variables=rows, output="f/%04d.png").output_names() == (
        "f/%04d-1.png",
        "f/%04d-2.png",
    )
    named = canvas(json=COMPOSITION, variables=rows, output="out/{{name}}.mp4")
    assert named.output_names() == ("out/Ada_.._x.mp4", "out/Bob.mp4")


def test_a_poster_is_a_time_or_an_object() -> None:
    poster = canvas(json=COMPOSITION, poster=1.5).poster
    assert poster is not None
    assert (poster.time, poster.name) == (1.5, "poster.png")
    named = canvas(json=COMPOSITION, poster={"time": 2, "name": "a.jpg"}).poster
    assert named is not None
    assert (named.time, named.name) == (2.0, "a.jpg")


def test_signed_addresses_are_secrets() -> None:
    job = parse_job(
        {
            "action": "canvas",
            "data": {"json": {"layers": [{"type": "image", "src": "https://user:pass@x/a.png?sig=canary"}]}},
        }
    )
    assert set(find_secrets(job)) == {"user:pass", "sig=canary"}


@pytest.mark.parametrize("action", ["canvas", "canvas_preview"])
@pytest.mark.parametrize("body", [{}, {"output": "x.png"}, {"variables": {"name": "Ada"}}])
def test_a_job_without_composition_says_what_one_is(action: str, body: dict[str, Any]) -> None:
    for job, field in (({"action": action, "data": body}, "data.json"), (None, "json")):
        with pytest.raises(InvalidJob) as caught:
            parse_action(action, body) if job is None else parse_job(job)
        assert (caught.value.code, caught.value.where) == ("missing_field", {"field": field})
        hint = str(caught.value.hint)
        assert "docs/canvas.md" in hint
        example = json.loads(hint[hint.index("{") : hint.rindex("}") + 1])
        assert parse_action("canvas", example).data


@pytest.mark.parametrize("key", ["jsn", "compositoin", "layer"])
def test_a_misspelled_composition_is_a_misspelled_field(key: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_action("canvas", {key: {"layers": []}})
    assert (caught.value.code, caught.value.where) == ("unknown_field", {"field": key})
