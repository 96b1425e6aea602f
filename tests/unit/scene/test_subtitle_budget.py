"""Subtitles of all layers and rows are counted before they are parsed and drawn."""

from __future__ import annotations

import pytest

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.resolve import resolve
from ffmpeg_worker.scene.subtitle_budget import SubtitleBudget
from support.jobs.compositions import FACTS

WORDS, STYLED = len(str(FACTS["words.srt"])), len(str(FACTS["styled.ass"]))
# Frame 0, and the start and the end of the only event.
MOMENTS = 3


def resolve_rows(src: str, layers: int, rows: int, budget: SubtitleBudget) -> None:
    layer = {"type": "subtitles", "src": src}
    composition = Composition.model_validate({"fps": 10, "duration": 4, "layers": [layer] * layers})
    for _ in range(rows):
        resolve(composition, FACTS, file_of=str, subtitles=budget)


@pytest.mark.parametrize(
    ("src", "budget"),
    [
        ("words.srt", lambda: SubtitleBudget(characters=6 * WORDS)),
        ("styled.ass", lambda: SubtitleBudget(script_characters=6 * STYLED)),
        ("styled.ass", lambda: SubtitleBudget(drawn_frames=6 * MOMENTS)),
    ],
)
def test_layers_and_rows_share_a_budget(src: str, budget: type[SubtitleBudget]) -> None:
    resolve_rows(src, 3, 2, budget())
    with pytest.raises(InvalidJob) as caught:
        resolve_rows(src, 3, 3, budget())
    assert caught.value.code == "composition_too_large"
    assert caught.value.where == {"field": "layers[0].src"}
