"""Errors in a composition have a code, a field and a hint, and come before any rendering."""

# ruff: noqa: E501  (a row is a line)

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.pipeline.renderer_process import RendererSpawner
from security.attacks.media import playlist, png
from support.jobs.canvas_files import SHAPE, canvas, composition, make_files
from support.media.packed_fonts import packed
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = {"type": "text", "text": "a"}
NOT_TEXT = {"type": "subtitles", "src": "film.mp4"}


def _keys(*keys: tuple[Any, Any]) -> dict[str, Any]:
    return {**SHAPE, "x": [{"time": time, "value": value} for time, value in keys]}


def _media(kind: str, src: str, **more: Any) -> dict[str, Any]:
    return composition(SHAPE, {"type": kind, "src": src, **more})


ROWS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a missing video": (_media("video", "nope.mp4"), "source_not_found", "layers[1].src"),
    "a missing image": (_media("image", "nope.png"), "source_not_found", "layers[1].src"),
    "a missing font": (composition(TEXT, fonts=[{"family": "A", "src": "no.ttf"}]), "source_not_found", "fonts[0].src"),
    "an empty file": (_media("image", "empty.png"), "source_empty", "layers[1].src"),
    "a video of chance": (_media("video", "chance.mp4"), "source_unreadable", "layers[1].src"),
    "a playlist": (_media("video", "list.m3u8"), "source_unreadable", "layers[1].src"),
    "a name that goes up": (_media("video", "../x.mp4"), "path_outside_root", "layers[1].src"),
    "a name of two lines": (_media("video", "a\nb.mp4"), "invalid_name", "layers[1].src"),
    "a missing video in a group": (composition({"type": "group", "layers": [_media("video", "no.mp4")["layers"][1]]}), "source_not_found", "layers[0].layers[0].src"),
    "the sound of a silent video": (_media("audio", "alpha.webm"), "no_sound", "layers[1].src"),
    "a waveform of a silent video": (_media("waveform", "alpha.webm"), "no_sound", "layers[1].src"),
    "a sound as video": (_media("video", "song.mp3"), "wrong_kind_of_source", "layers[1].src"),
    "a picture as video": (_media("video", "logo.png"), "wrong_kind_of_source", "layers[1].src"),
    "a video as picture": (_media("image", "film.mp4"), "wrong_kind_of_source", "layers[1].src"),
    "a video as subtitles": (composition(NOT_TEXT), "source_not_text", "layers[0].src"),
    "subtitles without a cue": (_media("subtitles", "words.txt"), "unreadable_subtitles", "layers[1].src"),
    "an image bomb": (_media("image", "bomb.png"), "source_too_large", "layers[1].src"),
    "an 8K canvas": ({**composition(SHAPE), "width": 7680, "height": 4320}, "invalid_value", "data.json.width"),
    "a canvas of nothing": ({**composition(SHAPE), "height": 0}, "invalid_value", "data.json.height"),
    "a size of nothing": (composition({**SHAPE, "width": 0}), "invalid_value", "data.json.layers[0].width"),
    "a negative size": (composition({**SHAPE, "height": -5}), "invalid_value", "data.json.layers[0].height"),
    "a font of negative size": (composition({**TEXT, "style": {"font_size": -1}}), "invalid_value", "data.json.layers[0].style.font_size"),
    "a duration of nothing": ({**composition(SHAPE), "duration": 0}, "invalid_value", "data.json.duration"),
    "a layer that is there for nothing": (composition({**SHAPE, "duration": 0}), "invalid_value", "data.json.layers[0].duration"),
    "less than a frame": ({**composition(SHAPE), "duration": 0.001}, "nothing_to_show", "duration"),
    "a part that is empty": (_media("video", "film.mp4", trim={"start": 5}), "trim_outside", "layers[1].trim.start"),
    "2000 layers": (composition(*[SHAPE] * 2000), "too_many_layers", "data.json.layers"),
    "a layer of 10 000 million pixels": (composition({**SHAPE, "width": 1e5, "height": 1e5}), "layer_too_large", "layers[0]"),
    "keyframes out of order": (composition(_keys((1, 0), (0, 1))), "invalid_value", "data.json.layers[0].x"),
    "keyframes at one time": (composition(_keys((1, 0), (1, 1))), "invalid_value", "data.json.layers[0].x"),
    "a keyframe of too much": (composition(_keys((0, 1e308))), "invalid_value", "data.json.layers[0].x[0].value"),
    "a keyframe of no number": (composition(_keys((0, float("nan")))), "invalid_value", "data.json.layers[0].x[0].value"),
    "a keyframe at no time": (composition(_keys((float("inf"), 0))), "invalid_value", "data.json.layers[0].x[0].time"),
    "NaN": (composition({**SHAPE, "rotation": float("nan")}), "invalid_value", "data.json.layers[0].rotation"),
    "a number of 400 digits": (composition({**SHAPE, "x": 10**400}), "invalid_value", "data.json.layers[0].x"),
    "a cycle": (composition({**SHAPE, "id": "a", "start": "after:b"}, {**SHAPE, "id": "b", "start": "after:a"}), "circular_start", "data.json.layers[0].start"),
    "a layer after nobody": (composition({**SHAPE, "start": "after:b"}), "unknown_layer", "data.json.layers[0].start"),
    "100 000 characters": (composition({**TEXT, "text": "a" * 100_000}), "invalid_value", "data.json.layers[0].text"),
    "half a character": (composition({**TEXT, "text": "a\ud800"}), "invalid_value", "data.json.layers[0].text"),
    "a variable that is not given": (composition({**TEXT, "text": "{{no}}"}), "unknown_variable", "data.json.layers[0].text"),
    "a variable that is a layer": ({**composition(TEXT), "variables": {"a": SHAPE}}, "invalid_value", "data.json.variables.a"),
    "variables that grow": ({**composition({**TEXT, "text": "{{a}}" * 200}), "variables": {"a": "x" * 5000}}, "invalid_value", "data.json.layers[0].text"),
    "a variable for a number": ({**composition({**SHAPE, "x": "{{a}}"}), "variables": {"a": "1, 2"}}, "invalid_value", "data.json.layers[0].x"),
    "101 rows": ({**composition(TEXT), "variables": [{}] * 101}, "invalid_value", "data.json.variables"),
    "a misspelt key": (composition({**TEXT, "txet": "a"}), "unknown_field", "data.json.layers[0].txet"),
}  # fmt: skip

DRAWN: dict[str, tuple[dict[str, Any], str, str]] = {
    "a font that is none": (composition(TEXT, fonts=[{"family": "A", "src": "words.srt"}]), "font_unreadable", "fonts[0]"),
    "a packed font that is none": (composition(TEXT, fonts=[{"family": "A", "src": "font.woff"}]), "font_unreadable", "fonts[0]"),
    "a packed font that is cut off": (composition(TEXT, fonts=[{"family": "A", "src": "font.ttf"}, {"family": "B", "src": "cut.woff2"}]), "font_unreadable", "fonts[1]"),
    "a text taller than can be drawn": (composition(SHAPE, {**TEXT, "text": "a\n" * 2500, "style": {"font_size": 2000}}), "text_too_large", "layers[1]"),
    "a broken image": (_media("image", "broken.gif"), "source_unreadable", "layers[1]"),
    "an image that claims to be huge": (_media("image", "claims.gif"), "image_too_large", "layers[1]"),
    "500 videos at once": (composition(*[{"type": "video", "src": "film.mp4", "width": 9}] * 500), "renderer_out_of_memory", "layers["),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("bad")
    data = root / "data"
    make_files(data)
    _make_bad_files(data)
    async with open_worker(root, min_free_disk_bytes=0) as opened:
        yield opened


def _make_bad_files(data: Path) -> None:
    gif = (data / "moving.gif").read_bytes()
    for name, content in {
        "empty.png": b"",
        "chance.mp4": bytes(range(256)) * 40,
        "list.m3u8": playlist("film.mp4").encode(),
        "words.txt": b"no cues at all",
        "bomb.png": png(9000, 9000),
        "font.woff": b"wOFF" + (data / "font.ttf").read_bytes(),
        "cut.woff2": packed("NotoSansHebrew.ttf", "woff2")[:-99],
        "broken.gif": gif[:60],
        "claims.gif": gif[:6] + struct.pack("<HH", 65535, 65535) + gif[10:],
    }.items():
        (data / name).write_bytes(content)


async def test_nothing_is_drawn_of_what_is_wrong(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(RendererSpawner, "start", lambda *order, **_: started.append(order))
    wrong = {}
    for name, (composed, code, field) in ROWS.items():
        error = await worker.fail(canvas(composed))
        if (error.code, error.where.get("field")) != (code, field):
            wrong[name] = f"{error.code} at {error.where}: {error}"
    assert wrong == {}
    assert started == [], "a renderer was started"


@pytest.mark.parametrize("name", DRAWN)
async def test_what_shows_only_when_it_is_drawn(worker: Worker, name: str) -> None:
    composed, code, field = DRAWN[name]
    error = await worker.fail(canvas(composed))
    assert error.code == code, str(error)
    assert str(error.where.get("field")).startswith(field)
    assert error.hint
    assert error.fault == ("caller" if code in {"text_too_large", "renderer_out_of_memory"} else "source")


_NAMES = {"o.mp4": None, "../o.mp4": "path_outside_root", "/etc/o.mp4": "path_outside_root", "a/../../o.mp4": "path_outside_root",
    "o\n.mp4": "invalid_name", "_in/o.mp4": "output_forbidden", "it's [a].mp4": None, "-o.mp4": None, "pipe:1.mp4": None, "_0-0.mp4": None}  # fmt: skip


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.sampled(3)
async def test_names_of_outputs(worker: Worker, name: str) -> None:
    job = canvas(
        composition({**SHAPE, "rotation": 5}, {"type": "audio", "src": "song.mp3"}, duration=2), output=name
    )
    if code := _NAMES[name]:
        assert (await worker.fail(job)).code == code
    else:
        assert (await worker.run(job))["outputs"][0]["name"] == name
        assert (worker.data / name).is_file()


async def test_a_batch_of_a_hundred_rows_shares_what_is_equal(worker: Worker) -> None:
    rows = [{"n": number} for number in range(100)]
    composed = {**composition({**TEXT, "text": "{{n}}"}), "duration": 0.1, "variables": rows}
    result = await worker.run(canvas(composed, output="row-{{n}}.png"))
    assert len(result["outputs"]) == 100


@pytest.mark.parametrize(
    "text",
    [
        "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\ufffe\U0010ffff",
        "\u202e\u202d\u2066\u2067\u2068abc\u05d0\u202c\u2069" * 100,
        "Z" + "\u0301\u0489\u0335" * 1600,
        "a" + "\u0301" * 4999,
        "\U0001f468" + "\u200d\U0001f469" * 2000,
        " " * 5000,
        "\U000e0041" * 2000,
        "\u0915\u094d" * 2000,
    ],
    ids=["controls", "bidi", "zalgo", "marks", "joiners", "spaces", "tags", "conjuncts"],
)
@pytest.mark.sampled(3)
async def test_any_text_is_drawn_in_time(worker: Worker, text: str) -> None:
    for width in (None, 1):
        layer = {**TEXT, "text": text, **({} if width is None else {"width": width})}
        result = await worker.run({**canvas(composition(layer), output="text.mp4"), "timeout": 30})
        assert result["outputs"]
