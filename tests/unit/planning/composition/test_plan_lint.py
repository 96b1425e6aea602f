"""Lint of compositions whose files are not fetched."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.composition.plan_lint import plan_lint
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import MeasureStep
from ffmpeg_worker.scene.scene_json import encode_text_metrics
from ffmpeg_worker.scene.text_metrics import TextMetrics

METRICS = encode_text_metrics(TextMetrics(("Inter",)))
TEXT = {"type": "text", "text": "{{name|Hello}}", "duration": 1}


def plan(*layers: dict[str, Any], **composition: Any) -> Lane:
    data = {"json": {"layers": list(layers), **composition}, "lint": True}
    return plan_lint(CanvasJob.model_validate({"action": "canvas", "data": data}), LocalFiles(), Machine(1))


def remarks(lane: Lane, metrics: bytes = METRICS) -> list[tuple[str, str]]:
    names = [step.result_file for step in lane.steps if isinstance(step, MeasureStep)]
    result = lane.summary.build([], dict.fromkeys(names, metrics))
    return [(remark["where"], remark["code"]) for remark in result["remarks"]]


@pytest.mark.parametrize(
    "layer",
    [
        {"type": "video", "src": "https://media.example/a.mp4", "trim": {"start": 50, "end": 90}},
        {"type": "video", "src": "https://media.example/a.mp4", "duration": 40},
        {"type": "image", "src": "https://media.example/a.png"},
        {"type": "waveform", "src": "https://media.example/a.mp3"},
        {"type": "subtitles", "src": "https://media.example/a.srt"},
    ],
)
def test_a_remote_file_gets_a_placeholder_that_suits_its_use(layer: dict[str, Any]) -> None:
    assert remarks(plan(layer, duration=40)) == [("layers[0].src", "not_fetched")]


def test_a_font_that_is_not_fetched_counts_as_available() -> None:
    fonts = [{"family": "Own", "src": "https://media.example/own.ttf"}]
    lane = plan(TEXT | {"style": {"font_family": "Own", "font_size": 100}}, fonts=fonts)
    assert remarks(lane) == [("fonts[0].src", "not_fetched")]


def test_each_row_has_a_step_and_its_own_remarks() -> None:
    lane = plan(TEXT | {"style": {"font_family": "{{font}}"}}, variables=[{"font": "Inter"}, {"font": "None"}])
    assert len(lane.steps) == 2
    assert remarks(lane) == [("layers[0].style.font_family", "unknown_font")]


def test_invalid_metrics_are_a_failure_of_the_renderer() -> None:
    with pytest.raises(EngineFailed, match="response is invalid"):
        remarks(plan(TEXT), b"{")
