"""Burnt subtitles are drawn with the caller's own fonts, and a missing font is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.media.block_font import write_block_font
from support.media.decode import frames_of
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

SRT = "1\n00:00:00,000 --> 00:00:05,000\niiii\n"
ASS = """[Script Info]
ScriptType: v4.00+
PlayResX: 320
PlayResY: 180
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Alignment
Style: Default,Brandy,40,&H00FFFFFF,2
[Events]
Format: Start, End, Style, Text
Dialogue: 0:00:00.00,0:00:05.00,Default,iiii
"""
STYLE = "force_style='FontName=Brandy,FontSize=60,Outline=0,Shadow=0'"
ENCODE = "-frames:v 1 -c:v png -f image2"
BLACK = "-f lavfi -i color=black:s=320x180:d=1"


@pytest.fixture(scope="module", autouse=True)
def _fonts(worker: Worker) -> None:
    write_block_font(worker.data / "brandy.ttf", "Brandy")
    write_block_font(worker.data / "fonts/brandy.ttf", "Brandy")
    (worker.data / "fonts/README.txt").write_text("not a font")
    (worker.data / "empty").mkdir()
    (worker.data / "s.ass").write_text(ASS)


def inputs(**more: Any) -> dict[str, Any]:
    return {"s": {"content": SRT, "name": "s.srt"}, "a": "s.ass", "font": "brandy.ttf", **more}


def longest_white_run(picture: Path) -> int:
    """Pixels of the longest white run in a row; four letters `i` of other fonts have gaps between them."""
    (frame,) = frames_of(picture, form="gray")
    longest = 0
    for row in frame.pixels > 200:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]])))
        longest = max(longest, int((edges[1::2] - edges[::2]).max(initial=0)))
    return longest


GRAPHS = {
    "subtitles": f"subtitles={{{{s}}}}:fontsdir={{{{font}}}}:{STYLE}",
    "other braces": f"subtitles=<<s>>:fontsdir=<< font >>:{STYLE}",
    "quoted": f"subtitles={{{{s}}}}:fontsdir='{{{{font}}}}':{STYLE}",
    "after other options": f"subtitles={{{{s}}}}:{STYLE}:fontsdir={{{{font}}}}",
    "ass": "ass={{a}}:fontsdir={{font}}",
    "a folder": f"subtitles={{{{s}}}}:fontsdir=fonts:{STYLE}",
    "a folder with a slash": f"subtitles={{{{s}}}}:fontsdir=fonts/:{STYLE}",
    "a folder for ass": "ass=s.ass:fontsdir=fonts",
    "in a complex graph": f"[0:v]null[x];[x]subtitles={{{{s}}}}:fontsdir={{{{font}}}}:{STYLE}",
    "drawtext": "drawtext=fontfile={{font}}:text=iiii:fontsize=40:fontcolor=white",
    "drawtext by name": "drawtext=fontfile=brandy.ttf:text=iiii:fontsize=40:fontcolor=white",
}


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.sampled(3)
async def test_the_callers_font_is_used(worker: Worker, graph: str) -> None:
    option = "-filter_complex" if graph.startswith("[") else "-vf"
    command = [*BLACK.split(), option, graph, *ENCODE.split(), "own.png"]
    result = await worker.process(command, inputs=inputs())
    assert longest_white_run(worker.data / "own.png") > 90
    assert not [warning for warning in result["warnings"] if "font" in warning]
    assert [output["name"] for output in result["outputs"]] == ["own.png"]


async def test_a_placeholder_stands_for_the_folder_of_all_fonts(worker: Worker) -> None:
    write_block_font(worker.data / "other.ttf", "Other")
    graph = f"subtitles={{{{s}}}}:fontsdir={{{{more}}}}:{STYLE}"
    await worker.process(
        [*BLACK.split(), "-vf", graph, *ENCODE.split(), "own.png"], inputs=inputs(more="other.ttf")
    )
    assert longest_white_run(worker.data / "own.png") > 90


@pytest.mark.parametrize("graph", [f"subtitles={{{{s}}}}:{STYLE}", "ass={{a}}"])
async def test_a_fallback_is_a_warning_that_names_the_font(worker: Worker, graph: str) -> None:
    result = await worker.process([*BLACK.split(), "-vf", graph, *ENCODE.split(), "other.png"], inputs=inputs())
    (warning,) = result["warnings"]
    assert warning.startswith('The font "Brandy" was not found; the subtitles were drawn with "')
    assert longest_white_run(worker.data / "other.png") < 40


async def test_subtitles_that_ask_for_no_font_give_no_warning(worker: Worker) -> None:
    result = await worker.process(
        [*BLACK.split(), "-vf", "subtitles={{s}}", *ENCODE.split(), "o.png"], inputs=inputs()
    )
    assert result["warnings"] == []


@pytest.mark.parametrize(
    ("folder", "code"),
    [("nowhere", "source_not_found"), ("empty", "source_not_found"), ("fonts/brandy.ttf", "invalid_value")],
)
async def test_what_is_missing_is_refused_before_work(worker: Worker, folder: str, code: str) -> None:
    graph = f"subtitles={{{{s}}}}:fontsdir={folder}:{STYLE}"
    data = {"chainCmds": [*BLACK.split(), "-vf", graph, *ENCODE.split(), "o.png"]}
    error = await worker.fail({"action": "process", "data": data, "inputs": inputs()})
    assert error.code == code
    assert error.where["argument"] == "fontsdir"
    assert error.hint
