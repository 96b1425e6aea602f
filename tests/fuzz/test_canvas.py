"""Mutated compositions are refused, or planned and rendered; no renderer fails."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.composition.layers import LAYER_MODELS
from ffmpeg_worker.composition.read_compositions import read_compositions
from ffmpeg_worker.errors import InvalidJob, SourceError, WorkerError
from ffmpeg_worker.frozen_model import field_names
from ffmpeg_worker.planning.composition.plan_audio import plan_audio
from ffmpeg_worker.scene.resolve import resolve
from ffmpeg_worker.scene.scene_json import decode_scene, encode_scene
from support.extent import examples
from support.jobs.canvas_files import canvas, everything, make_files
from support.jobs.compositions import FACTS, FILM
from support.worker import Worker, open_worker

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
ROUNDS = examples(15)
# Errors that only a broken or hostile source causes.
ALLOWED_ERRORS = {"renderer_out_of_memory", "text_too_large", "timed_out"}
NUMBERS = (0, 1, -1, 0.5, 2, 3, 7, 100, 1e-9, 5e-324, -0.0, 359.9, 1000, 4096, 99_999, 1e308)
WORDS = (
    "auto", "end", "after:film", "after:b", "50%", "-20%", "0%", "150%", "#f008", "transparent", "center", "cover",
    "contain-blur", "none", "multiply", "karaoke", "word", "letter", "fade", "slide-up", "radial", "ease-in-out",
    "cubic-bezier(0, 2, 1, -1)", "steps(3)", "bottom-right", "rtl", "", " ",
    "a\n\nb", "\u202eא\u0301👨\u200d👩", "x" * 300,
)  # fmt: skip
KEYS = {kind: tuple(sorted({*field_names(model)} - {"type", "layers"})) for kind, model in LAYER_MODELS.items()}
PARTS: tuple[Any, ...] = (
    {"in": {"type": "fade", "duration": 0.2}, "out": {"type": "zoom", "duration": 9}},
    {"in": {"type": "wipe-left", "duration": 0.2, "overlap": True}},
    {"x": "10%", "y": 3, "width": "50%", "height": "1%"},
    {"color": "#0f0", "similarity": 0.3},
    {"font_size": "auto", "letter_spacing": 9, "stroke": {"color": "#000", "width": 3}},
    {"background": {"color": "#000", "padding": 40, "radius": 99}, "align": "justify", "max_lines": 1},
    {"shadow": {"x": 5, "y": 5, "blur": 20, "color": "#f00"}, "line_height": 0.1, "font_size": 300},
    {"type": "bounce", "by": "letter"},
    {"gradient": ["#f00", "#0f00"], "angle": 45},
    [{"start": 0, "end": 0.2, "text": "a"}, {"start": 0.1, "end": 9, "text": "b c"}],
    [{"time": 0, "value": 1}, {"time": 0.2, "value": 5, "easing": "ease-in"}],
    [{"time": 0.1, "value": "10%"}, {"time": 0.2, "value": "90%", "easing": "steps(2)"}],
)


def mutate(choose: Callable[[tuple[Any, ...]], Any], times: int) -> dict[str, Any]:
    """Return the composition of every layer, with some fields changed, and some layers removed or grouped."""
    composition_data = deepcopy(everything(width=64, height=36, duration=0.3))
    layers = composition_data["layers"]
    for _ in range(times):
        layer = choose(tuple(layers))
        if (inner := layer.get("layers")) and choose((True, False)):
            layer = choose(tuple(inner))
        if layer["type"] in KEYS:
            layer[choose(KEYS[layer["type"]])] = deepcopy(choose((*NUMBERS, *WORDS, *PARTS, True, None)))
    count = choose(tuple(range(1, len(layers) + 1)))
    composition_data["layers"] = layers[-count:]
    if choose((True, False)):
        composition_data["layers"] = [{"type": "group", "layers": composition_data["layers"], "rotation": 5}]
    return composition_data


_FACTS = {**FACTS, "alpha.webm": FILM, "photo.jpg": FACTS["logo.png"], "moving.gif": FACTS["logo.png"]}
_FACTS |= {"moving.webp": FACTS["logo.png"], "words.srt": "1\n00:00:00,000 --> 00:00:01,000\na b\n"}


@given(st.data())
@settings(max_examples=examples(300), deadline=None)
def test_a_valid_composition_is_resolved_and_planned_or_refused(data: st.DataObject) -> None:
    composition_data = mutate(
        lambda options: data.draw(st.sampled_from(range(len(options))).map(options.__getitem__)), 3
    )
    try:
        (composition,) = read_compositions(composition_data)
        resolved = resolve(composition, _FACTS, file_of=lambda src: f"_in/{src}")
    except (InvalidJob, SourceError):
        return
    assert decode_scene(encode_scene(resolved.scene)) == resolved.scene
    plan_audio(resolved.audio, "sound.m4a", ("-c:a", "aac"), ())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("fuzz")
    make_files(root / "data")
    async with open_worker(root, min_free_disk_bytes=0) as opened:
        yield opened


@pytest.mark.asyncio(loop_scope="module")
async def test_no_renderer_fails(worker: Worker) -> None:
    until = time.monotonic() + SECONDS
    seed = int(time.time()) if SECONDS else 0
    failed: dict[int, str] = {}
    rendered = 0
    while rendered < ROUNDS or time.monotonic() < until:
        seed += 1
        problem = await _render(worker, mutate(random.Random(seed).choice, 2))
        rendered += problem != "refused"
        if problem not in {"", "refused"}:
            failed[seed] = problem
        await asyncio.sleep(0)
    assert failed == {}


async def _render(worker: Worker, composition_data: dict[str, Any]) -> str:
    try:
        await worker.run({**canvas(composition_data), "timeout": 30})
    except (InvalidJob, SourceError):
        return "refused"
    except WorkerError as error:
        return "" if error.code in ALLOWED_ERRORS else f"{error.code}: {error} {error.detail} {error.stderr}"
    return ""
