"""Readers of compositions and jobs take time in proportion to what callers send, valid or not."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ffmpeg_worker.api.byte_ranges import RangeNotSatisfiable, select_bytes
from ffmpeg_worker.api.conditions import Version
from ffmpeg_worker.composition.color import Color
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.condition import evaluate_condition
from ffmpeg_worker.composition.easings import Easing
from ffmpeg_worker.composition.frame_rate import FrameRate
from ffmpeg_worker.composition.layer_base import VisualLayer
from ffmpeg_worker.composition.lengths import Length
from ffmpeg_worker.composition.read_compositions import read_compositions
from ffmpeg_worker.composition.text_style import TextStyle
from ffmpeg_worker.composition.timing import LayerId, Start
from ffmpeg_worker.composition.transitions import Transition
from ffmpeg_worker.composition.variables import fill_variables
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.job_queue.output_links import find_link
from ffmpeg_worker.loose_values import is_blank, read_number
from ffmpeg_worker.scene.clips import _svg_size
from ffmpeg_worker.scene.content import Cue, Word
from ffmpeg_worker.scene.lint import lint
from ffmpeg_worker.scene.resolve import resolve
from ffmpeg_worker.scene.shapes import scale_path
from ffmpeg_worker.scene.subtitles.align_words import align_words
from ffmpeg_worker.scene.subtitles.ass_script import parse_script
from ffmpeg_worker.scene.subtitles.parse import is_ass, parse_subtitles
from ffmpeg_worker.scene.text_metrics import TextMetrics
from support.growth import grows_linearly

VERSION = Version('"1"', 0)
TEXT = {"type": "text", "text": "x"}
WALL = {"type": "shape", "fill": "#123456"}
ASS = "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
DIALOGUE = "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,"


def field(annotation: Any) -> Callable[[Any], object]:
    return TypeAdapter(annotation).validate_python


def model(kind: Any, **fields: Any) -> Callable[[Any], object]:
    (name,) = [name for name, value in fields.items() if value is ...]
    return lambda value: kind.model_validate({**fields, name: value})


def align_both_ways(text: str) -> None:
    for written, spoken in ((text, "aaab abc 漢" * 50), ("aaab abc 漢" * 50, text), (text, text[::-1])):
        words = tuple(Word(spoken[start : start + 40], start, start + 40) for start in range(0, len(spoken), 40))
        align_words(Cue(0, len(spoken), written, words))


TEXTS: Mapping[str, tuple[Callable[[Any], object], tuple[str, ...]]] = {
    "color": (field(Color), ("a", "rgb(", "1,", " ", "#")),
    "length": (field(Length), ("1", " ", ".", "1.", "+", "1 ", "%")),
    "start": (field(Start), ("a", " ", "after:", "after: ")),
    "id": (field(LayerId), ("a", ".")),
    "frame rate": (field(FrameRate), ("1", "/", " ", "1/")),
    "easing": (field(Easing), ("a", "ease-in-", "A", "steps(", "1,", " ")),
    "number": (read_number, ("1", " ", ".", "1.", "1e", "-", "\u00a0")),
    "blank": (is_blank, (" ", "\u00a0", "a")),
    "anchor": (model(VisualLayer, anchor=...), ("top-", "-", "a", " ")),
    "transition": (model(Transition, type=...), ("a", "-", "fade")),
    "font": (model(TextStyle, font_family=...), ("a,", '"', " ")),
    "weight": (model(TextStyle, font_weight=...), ("a", "-")),
    "condition": (lambda text: evaluate_condition(text, {}, ""), ("{{a}}", " ", "'", "!", "==", "1")),
    "variables": (
        lambda text: fill_variables(text, {"a": "b"}),
        ("{{", "{{a}}", "{{a|", "{", " ", "{{ ", "}}", "a."),
    ),
    "path": (lambda text: scale_path(text, 2), ("M0 0", "1", "1.", " ", "e9", "-", ",", "A1 1 0 0 1 1 1", "0")),
    "svg": (_svg_size, ("<svg ", "<", "width=", 'viewBox="', " ", "1")),
    "ass": (is_ass, ("[", "\n", "[events", " ")),
    "words": (align_both_ways, ("a", "ab ", "aab", ". ", "漢字", "a1b2c3", "x\n")),
    "script": (parse_script, (DIALOGUE + "x\n", "\n", "Format: a,\n", ",", "\\k1}", "\\fad(1,1)", "\\t", "{")),
    "subtitles": (
        parse_subtitles,
        (
            "1\n00:00:01,000 --> 00:00:02,000\n<i>a</i>\n\n",
            "\n",
            "a\n",
            "1\n",
            "< <\n",
            "-->",
            "<c.",
            "{\\",
            "&amp",
            "a b " * 50 + "\n",
            DIALOGUE + "{\\k1}a{\n",
        ),
    ),
    "range": (lambda text: select_bytes(f"bytes={text}", 1000), ("1", "-", ",", " ", "0-1,", "-1,", "5-1,")),
    "tags": (lambda text: VERSION.check({"if-none-match": text}), ('"', ",", "W/", " ", '"a",')),
    "date": (lambda text: VERSION.check({"if-modified-since": text}), ("Mon, ", "1 ", ":", "GMT", "-")),
    "link": (lambda text: find_link(f"/api/jobs/{text}"), ("a", "/outputs/", "~1.x.", "0" * 64, "/", ".")),
    "json": (read_json, ("[", "{", '"', ",", "1", '{"a":', '"\\ud800', "[],")),
    "json of a list": (lambda text: read_json(f"[{text}0]"), ("0,", "[],", '{"a":{}},', '"a,",', '"\\u0000",')),
}
"""Functions that read a text, and fragments that are repeated in it."""

BEGINNINGS = (
    "",
    "1",
    "M0 0",
    "WEBVTT\n\n00:01.000 --> 00:02.000\n",
    ASS + DIALOGUE,
    "{{a}}",
    "<svg ",
    "rgb(",
    "[",
)


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    read, fragments = TEXTS[name]

    def run(text: str) -> None:
        with contextlib.suppress(WorkerError, ValidationError, ValueError, RangeNotSatisfiable):
            read(text)

    for begin, fragment in itertools.product(BEGINNINGS, fragments):
        assert grows_linearly(run, lambda size: begin + fragment * size + "!"), (begin, fragment)  # noqa: B023


def canvas(*layers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"action": "canvas", "data": {"json": {"layers": list(layers)}, **fields}}


def keyframes(count: int, **wrong: Any) -> dict[str, Any]:
    return TEXT | {"opacity": [{"time": time, "value": 1} | wrong for time in range(count)]}


JOBS: Mapping[str, tuple[Callable[[int], Any], int]] = {
    "layers": (lambda size: canvas(*[TEXT] * size), 500),
    "ids": (lambda size: canvas(*[TEXT | {"id": f"a{index}"} for index in range(size)]), 500),
    "a chain of starts": (
        lambda size: canvas(*[TEXT | {"id": f"a{i}", "start": f"after:a{i + 1}"} for i in range(size)]),
        500,
    ),
    "layers that start one after the other": (lambda size: canvas(*[TEXT | {"start": "auto"}] * size), 500),
    "wrong layers": (lambda size: canvas(*[{"type": "txt"}] * size), 500),
    "keyframes": (lambda size: canvas(keyframes(size)), 1000),
    "misspelled keyframes": (lambda size: canvas(keyframes(size, tiem=0)), 1000),
    "wrong easings": (lambda size: canvas(keyframes(size, easing="ease-inn")), 1000),
    "wrong keyframes of many layers": (lambda size: canvas(*[keyframes(100, easing="ease-inn")] * size), 500),
    "wrong colors": (
        lambda size: canvas(
            TEXT | {"style": {"color": [{"time": time, "value": "redd"} for time in range(size)]}}
        ),
        1000,
    ),
    "rows": (lambda size: canvas(TEXT, variables=[{"a": 1}] * size), 100),
    "unknown variables": (
        lambda size: canvas(TEXT | {"text": "{{a}}"}, variables={f"b{n}": 1 for n in range(size)}),
        200,
    ),
    "long keys": (lambda size: canvas(TEXT | {"k" * size: [[0] * 100] * 100}), 100_000),
    "nodes of the legacy schema": (
        lambda size: {
            "action": "canvas",
            "data": {"json": {"nodes": [{"type": "text", "config": {"text": "x"}}] * size}},
        },
        500,
    ),
    "inputs": (lambda size: canvas(TEXT) | {"inputs": [f"{index}.mp4" for index in range(size)]}, 1000),
    "outputs": (
        lambda size: {
            "action": "process",
            "data": {"chainCmds": "-i a b", "output": [f"{n}.mp4" for n in range(size)]},
        },
        1000,
    ),
    "unknown fields": (lambda size: {**canvas(TEXT), **{f"tiemout{index}": 1 for index in range(size)}}, 10_000),
}
"""Jobs of a size, and the largest size."""


@pytest.mark.parametrize("name", JOBS)
def test_jobs(name: str) -> None:
    make, largest = JOBS[name]

    def run(job: Any) -> None:
        with contextlib.suppress(WorkerError):
            parse_job(job)

    assert grows_linearly(run, make, largest=largest)


SCENES: Mapping[str, Callable[[int], list[dict[str, Any]]]] = {
    "covers one after the other": lambda size: [WALL | {"start": index, "duration": 1} for index in range(size)],
    "covers within each other": lambda size: [
        WALL | {"start": index, "duration": 2 * (size - index)} for index in range(size)
    ],
    "layers below": lambda size: [*[TEXT] * (size - 1), WALL],
    "layers after each other": lambda size: [WALL | {"start": "auto", "duration": 1}] * size,
    "groups": lambda size: [{"type": "group", "opacity": 0.5, "layers": [WALL] * (size // 2)}] * 2,
}


@pytest.mark.parametrize("name", SCENES)
def test_scenes(name: str) -> None:
    def make(size: int) -> Composition:
        return read_compositions({"duration": 1000, "layers": SCENES[name](size)})[0]

    def run(composition: Composition) -> None:
        lint(resolve(composition, {}, file_of=str).scene, TextMetrics(("Inter",)))

    assert grows_linearly(run, make, largest=500)
