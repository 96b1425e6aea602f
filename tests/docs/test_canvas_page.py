"""docs/canvas.md lists every field, transition and limit, and its compositions are valid or refused as it says."""

from __future__ import annotations

import re

import pytest

from ffmpeg_worker.composition import (
    composition,
    keyframes,
    layer_base,
    layers,
    media_layers,
    shape_layer,
    text_layer,
    text_style,
    transitions,
)
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.actions import canvas, canvas_output, canvas_preview
from ffmpeg_worker.job.parse import parse_job
from support.docs.field_tables import Models, field_table, golden_blocks
from support.docs.json_examples import ROOT, Example, examples_of

PAGE = ROOT / "docs/canvas.md"
EXAMPLES = examples_of("docs/canvas.md")

BASES: Models = (layer_base.TimedLayer, layer_base.VisualLayer, media_layers.AudioFields)
TABLES: dict[str, tuple[str, type[FrozenModel], Models]] = {
    "Data of `canvas`": ("", canvas.CanvasData, ()),
    "Data of `canvas_preview`": ("", canvas_preview.PreviewData, ()),
    "Poster": ("", canvas_output.Poster, ()),
    "Composition": ("", composition.Composition, ()),
    "Font": ("", composition.Font, ()),
    "Audio": ("", composition.AudioOptions, ()),
    "Every layer": ("In addition to `type`.", layer_base.TimedLayer, ()),
    "Visible layers": ("All types except `audio`.", layer_base.VisualLayer, (layer_base.TimedLayer,)),
    "Layers with sound": ("`video` and `audio`.", media_layers.AudioFields, ()),
    "Video": ("A visible layer with sound.", media_layers.VideoLayer, BASES),
    "Image": ("A visible layer.", media_layers.ImageLayer, BASES),
    "Text": ("A visible layer.", text_layer.TextLayer, BASES),
    "Shape": ("A visible layer.", shape_layer.ShapeLayer, BASES),
    "Group": ("A visible layer.", layers.GroupLayer, BASES),
    "Subtitles": ("A visible layer.", text_layer.SubtitlesLayer, BASES),
    "Waveform": ("A visible layer.", media_layers.WaveformLayer, BASES),
    "Audio layer": ("A layer with sound.", media_layers.AudioLayer, BASES),
    "Style": ("`style` of `text` and `subtitles`.", text_style.TextStyle, ()),
    "Stroke": ("Part of a style.", text_style.Stroke, ()),
    "Shadow": ("Part of a style.", text_style.Shadow, ()),
    "Background": ("Part of a style or of a highlight.", text_style.Background, ()),
    "Highlight": ("Part of a style.", text_style.Highlight, ()),
    "Animation": ("`animation` of a `text`; a string is its type.", text_layer.TextAnimation, ()),
    "Cue": ("Item of `cues` of `subtitles`.", text_layer.Cue, ()),
    "Word": ("Item of `words` of a cue.", text_layer.Word, ()),
    "Gradient": ("`fill` of a `shape`.", shape_layer.GradientFill, ()),
    "Shape stroke": ("`stroke` of a `shape`.", shape_layer.ShapeStroke, ()),
    "Trim": ("", layer_base.Trim, ()),
    "Crop": ("", layer_base.Crop, ()),
    "Chroma key": ("`chroma_key` of `video` and `image`.", layer_base.ChromaKey, ()),
    "Transition": ("`in` and `out` of `transition`.", transitions.Transition, ()),
    "Keyframe": ("", keyframes.Keyframe, ()),
}


def transition_row(kind: transitions.TransitionKind) -> str:
    return f"| `{kind.name}` | {kind.meaning} | {', '.join(f'`{alias}`' for alias in kind.aliases)} |"


def generated() -> dict[str, str]:
    parts = [
        f"### {name}\n\n{about}\n\n{field_table(model, without)}\n"
        for name, (about, model, without) in TABLES.items()
    ]
    return {
        "transitions": "\n".join(
            [
                "| name | what it does | also called |",
                "|---|---|---|",
                *map(transition_row, transitions.TRANSITIONS.values()),
            ]
        ),
        "fields": "\n".join(parts).replace("\n\n\n\n", "\n\n").rstrip(),
    }


def test_golden_tables_of_the_page() -> None:
    page, expected = golden_blocks(PAGE, generated())
    assert page == expected


def test_every_model_of_a_composition_has_its_table() -> None:
    listed = {model.__name__ for _, model, _ in TABLES.values()} | {"Transitions", "HiddenLayer"}
    pending: list[type[Node]] = [Node]
    known: set[str] = set()
    while pending:
        below = pending.pop().__subclasses__()
        known |= {model.__name__ for model in below}
        pending += below
    assert known - listed == set()


def test_the_page_lists_every_error_code_of_compositions() -> None:
    root = ROOT / "src/ffmpeg_worker"
    folders = ("scene", "composition", "planning/composition", "raster")
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in (root / folder).rglob("*.py")]
    codes = {code for text in texts for code in re.findall(r'\bcode="([a-z_]+)"', text)}
    documented = set(re.findall(r"`([a-z_]+)`", PAGE.read_text(encoding="utf-8").partition("## Errors")[2]))
    assert codes - documented == set()


def test_the_page_lists_exactly_the_lint_codes() -> None:
    folders = (ROOT / "src/ffmpeg_worker" / name for name in ("scene", "planning/composition"))
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py")]
    codes = {code for text in texts for code in re.findall(r'\bLintWarning\(\s*[^,]+,\s*"([a-z_]+)"', text)}
    block = PAGE.read_text(encoding="utf-8").partition("<!-- remarks -->")[2].partition("<!-- end -->")[0]
    assert set(re.findall(r"^\| `([a-z_]+)`", block, re.MULTILINE)) == codes


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_is_read_or_refused(example: Example) -> None:
    if example.code is None:
        parse_job(example.job)
        return
    with pytest.raises(InvalidJob) as caught:
        parse_job(example.job)
    assert caught.value.code == example.code
