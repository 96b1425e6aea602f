"""A request at the limit of a budget is accepted, one above is refused with the code of the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ffmpeg_worker import budgets
from ffmpeg_worker.budgets import BUDGET_GROUPS
from ffmpeg_worker.composition.read_compositions import read_compositions
from ffmpeg_worker.composition.row_budgets import check_rows
from ffmpeg_worker.composition.variables import fill_variables
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sprite import SPRITE
from ffmpeg_worker.planning.presets.timing import REVERSE
from ffmpeg_worker.planning.produced_names import ProducedNames
from ffmpeg_worker.planning.read_job import read_job
from ffmpeg_worker.scene.resolve import resolve
from ffmpeg_worker.scene.subtitle_budget import SubtitleBudget
from ffmpeg_worker.scene.subtitles.parse import parse_subtitles

CHECKED, UNCHECKED = Machine(cores=2), Machine(cores=2, option_policy=False)
TEXT = {"type": "text", "text": "x"}


def parse(action: str, **data: Any) -> Job:
    return parse_job({"action": action, "data": data})


def process(machine: Machine = CHECKED, inputs: Any = None, chainCmds: Any = "-i {{a}} b.mp4") -> None:  # noqa: N803
    job = {"action": "process", "data": {"chainCmds": chainCmds}, "inputs": inputs or {"a": "a.mp4"}}
    read_job(parse_job(job), machine)


def command(count: int) -> list[str]:
    """Return a command of `count` arguments besides `-i`."""
    return ["-i", "{{a}}", *["-an"] * (count - 2), "b.mp4"]


def command_of_bytes(count: int) -> list[str]:
    tokens = ["-i", "{{a}}", "-metadata", "title=", "b.mp4"]
    tokens[3] += "x" * (count - sum(map(len, tokens[1:])))
    return tokens


def with_headers(count: int) -> dict[str, Any]:
    return {"url": "https://example.com/a.mp4", "headers": {f"x{index}": "1" for index in range(count)}}


def canvas(composition: Mapping[str, Any], **data: Any) -> None:
    parse("canvas", json={"layers": [TEXT], **composition}, **data)


def layer(**fields: Any) -> None:
    canvas({"layers": [TEXT | fields]})


def shape(**fields: Any) -> None:
    canvas({"layers": [{"type": "shape", **fields}]})


def nested(depth: int) -> list[dict[str, Any]]:
    layers: list[dict[str, Any]] = [TEXT]
    for _ in range(depth):
        layers = [{"type": "group", "layers": layers}]
    return layers


def cues(count: int, words: int = 0) -> None:
    word = {"text": "x", "start": 0, "end": 1}
    cue = {"start": 0, "end": 1, "text": "x", **({"words": [word] * words} if words else {})}
    canvas({"layers": [{"type": "subtitles", "cues": [cue] * count}]})


def srt(text: str) -> str:
    return f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n\n"


def vtt(length: int) -> str:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n\nNOTE\n"
    rest = length - len(text)
    return text + ("x" * 99 + "\n") * (rest // 100) + "x" * (rest % 100)


def draw(layer: dict[str, Any]) -> None:
    (composition,) = read_compositions({"layers": [layer | {"duration": 1}]})
    resolve(composition, {}, file_of=str)


def sound_and_film(seconds: float) -> PresetInput:
    video = StreamInfo("video", duration_s=seconds, width=160, height=90)
    return PresetInput("a", MediaInfo("mov", (video, StreamInfo("audio", sample_rate=1)), seconds))


def tile(seconds: float) -> None:
    parameters = SPRITE.parameters.model_validate({"interval": 0.1, "tile_width": 16})
    SPRITE.build(parameters, [sound_and_film(seconds)], "s.png")


def reverse(seconds: float) -> None:
    source = PresetInput("a", MediaInfo("wav", (StreamInfo("audio", sample_rate=1),), seconds))
    REVERSE.build(REVERSE.parameters(), [source], "s.wav")


Make = Callable[[int], object]

REFUSED: Mapping[str, tuple[str, Make]] = {
    "MAX_JSON_DEPTH": ("invalid_json", lambda n: read_json("[" * n + "]" * n)),
    "MAX_JSON_VALUES": ("body_too_large", lambda n: read_json(f"[{'0,' * (n - 2)}0]")),
    "MAX_INPUTS": (
        "invalid_value",
        lambda n: process(inputs={"a": "a.mp4", **dict.fromkeys(map(str, range(n - 1)), "x")}),
    ),
    "MAX_HEADERS": ("invalid_value", lambda n: process(inputs={"a": with_headers(n)})),
    "MAX_CONTENT_BYTES": ("content_too_large", lambda n: process(inputs={"a": {"content": "é" + "x" * (n - 2)}})),
    "MAX_OUTPUTS": ("invalid_value", lambda n: parse("process", chainCmds="-i a b", output=["b"] * n)),
    "MAX_UPLOADS": ("invalid_value", lambda n: parse("upload", input=["b"] * n)),
    "MAX_PROCESSES": ("invalid_value", lambda n: parse("multi_process", processes=[{"chainCmds": "-i a b"}] * n)),
    "MAX_PRESET_INPUTS": ("invalid_value", lambda n: parse("process", preset="concat", input=["b"] * n)),
    "MAX_TILES": ("invalid_value", lambda n: tile(n / 10)),
    "MAX_REVERSED_BYTES": ("invalid_value", lambda n: reverse(n / 8)),
    "MAX_CHUNKS": ("invalid_value", lambda n: parse("process", chainCmds="-i a b", parallel=n)),
    "MAX_COMMANDS": ("invalid_value", lambda n: process(chainCmds=[["-i", "{{a}}", f"{i}.ts"] for i in range(n)])),
    "MAX_PRODUCED_NAMES": ("command_too_long", lambda n: ProducedNames(map(str, range(n)))),
    "MAX_SEQUENCE_CHARACTERS": ("command_too_long", lambda n: ProducedNames(["%d" + "x" * (n - 2)])),
    "MAX_ARGUMENTS": ("command_too_long", lambda n: process(chainCmds=command(n))),
    "MAX_TOKENS": ("invalid_value", lambda n: process(UNCHECKED, chainCmds=command(n - 1))),
    "MAX_ARGUMENT_BYTES": ("command_too_long", lambda n: process(chainCmds=command_of_bytes(n))),
    "MAX_FILTERS": (
        "forbidden_option",
        lambda n: process(chainCmds=["-i", "a", "-vf", ",".join(["null"] * n), "b"]),
    ),
    "MAX_ROWS": ("invalid_value", lambda n: canvas({}, variables=[{}] * n)),
    "MAX_VARIABLES": ("invalid_value", lambda n: canvas({}, variables={f"x{i}": 1 for i in range(n)})),
    "MAX_VALUES_OF_ROWS": ("composition_too_large", lambda n: check_rows({"fonts": [0] * (n - 3)}, None, 1, "")),
    "MAX_CHARACTERS_OF_ROWS": (
        "composition_too_large",
        lambda n: fill_variables(["{{a}}"] * 100 + ["x" * (n % 100)], {"a": "x" * (n // 100)}),
    ),
    "MAX_FILLED_TEXT": ("invalid_value", lambda n: fill_variables("{{a}}x", {"a": "x" * (n - 1)})),
    "MAX_LAYERS": ("too_many_layers", lambda n: canvas({"layers": [TEXT] * n})),
    "MAX_LAYERS_OF_ROWS": (
        "too_many_layers",
        lambda n: canvas({"layers": [TEXT] * math.ceil(n / 100)}, variables=[{}] * 100),
    ),
    "MAX_GROUP_DEPTH": ("invalid_value", lambda n: canvas({"layers": nested(n)})),
    "MAX_SIDE": ("invalid_value", lambda n: canvas({"width": n, "height": 16})),
    "MAX_CANVAS_PIXELS": ("invalid_value", lambda n: canvas({"width": 4096, "height": -(-n // 4096)})),
    "MAX_FPS": ("invalid_value", lambda n: canvas({"fps": n})),
    "MAX_DURATION_S": ("invalid_value", lambda n: canvas({"duration": n})),
    "MAX_TEXT": ("invalid_value", lambda n: layer(text="x" * n)),
    "MAX_CUES": ("invalid_value", cues),
    "MAX_WORDS": ("invalid_value", lambda n: cues(1, n)),
    "MAX_KEYFRAMES": ("invalid_value", lambda n: layer(opacity=[{"time": time, "value": 1} for time in range(n)])),
    "MAX_POINTS": ("invalid_value", lambda n: shape(shape="polygon", points=[[0, 0]] * n)),
    "MAX_PATH_DATA": ("invalid_value", lambda n: shape(shape="path", path="M0 0" + " " * (n - 4))),
    "MAX_COLORS": ("invalid_value", lambda n: shape(fill={"gradient": ["red"] * n})),
    "MAX_SHADOWS": ("invalid_value", lambda n: layer(style={"shadow": [{}] * n})),
    "MAX_FONTS": ("invalid_value", lambda n: canvas({"fonts": [{"family": "x", "src": "x.ttf"}] * n})),
    "MAX_AUDIO": ("invalid_value", lambda n: canvas({}, audio=[{"url": "x.mp3"}] * n)),
    "MAX_SRC": ("invalid_value", lambda n: canvas({"layers": [{"type": "image", "src": "x" * n}]})),
    "MAX_PLACE": ("invalid_value", lambda n: layer(x=n)),
    "MAX_LAYER_PIXELS": ("layer_too_large", lambda n: draw({"type": "shape", "width": n / 1000, "height": 1000})),
    "MAX_SUBTITLE_CHARACTERS": ("unreadable_subtitles", lambda n: parse_subtitles(vtt(n))),
    "MAX_SUBTITLE_CUES": ("unreadable_subtitles", lambda n: parse_subtitles(srt("x") * n)),
    "MAX_SUBTITLE_LINE": ("unreadable_subtitles", lambda n: parse_subtitles(srt("x" * n))),
    "MAX_SUBTITLES_OF_ROWS": ("composition_too_large", lambda n: SubtitleBudget().parse(n, "layers[0]")),
    "MAX_SCRIPTS_OF_ROWS": ("composition_too_large", lambda n: SubtitleBudget().read_script(n, "layers[0]")),
    "MAX_DRAWN_SUBTITLES": ("composition_too_large", lambda n: SubtitleBudget().draw(n, "layers[0]")),
}
"""For each limit the code of a request that exceeds it, and a function that reads a request of a given size."""

TESTED_WITH_FILES = {
    "MAX_LIST_BYTES",
    "MAX_TEXT_FILE_BYTES",
    "MAX_TEXT_FILES_BYTES",
    "MAX_OPERATOR_PRESETS",
    "MAX_PRESET_FILE_BYTES",
}
"""See fetch/test_fetch.py and test_inspect_inputs.py and test_preset_folder.py in tests/unit/pipeline/."""


def test_every_limit_has_a_case() -> None:
    assert {name for name in vars(budgets) if name.startswith("MAX_")} == REFUSED.keys() | TESTED_WITH_FILES


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_at_the_limit_is_accepted_and_one_above_is_refused(name: str) -> None:
    limit = getattr(budgets, name)
    code, make = REFUSED[name]
    make(math.floor(limit))
    with pytest.raises(WorkerError) as caught:
        make(math.floor(limit) + 1)
    assert caught.value.code == code
    budgets_with_limit = [budget for group in BUDGET_GROUPS.values() for budget in group if budget.limit == limit]
    assert code in {budget.code for budget in budgets_with_limit}
