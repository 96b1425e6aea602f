"""Preparations are limited to a range of frames."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.scene.content import VideoContent
from ffmpeg_worker.scene.preparation import LibassDrawing, ToneMapping
from ffmpeg_worker.scene.scene import GroupContent
from ffmpeg_worker.scene.trim_preparations import trim_preparations
from support.jobs.compositions import resolved

HDR = {"type": "video", "src": "hdr.mp4"}  # 10 s; the canvas has 10 frames a second


def spans(*layers: dict[str, Any], part: tuple[int, int], **canvas: Any) -> list[tuple[float, float]]:
    """Begin and end of what is tone-mapped; what is shown at a time is the same as before."""
    whole = resolved(*layers, **{"duration": 30, **canvas})
    found = trim_preparations(whole, *part)
    cuts = {one.prepared: one for one in found.preparations if isinstance(one, ToneMapping)}
    wholes = {one.prepared: one for one in whole.preparations if isinstance(one, ToneMapping)}
    for before, after in zip(films(whole), films(found), strict=True):
        if after.file in cuts:
            begins = [wholes[before.file].begin_s + before.begin_s, cuts[after.file].begin_s + after.begin_s]
            assert begins[0] == pytest.approx(begins[1], abs=1e-9)
        assert after.end_s - after.begin_s == pytest.approx(before.end_s - before.begin_s, abs=1e-9)
    return [(one.begin_s, round(one.end_s, 5)) for one in cuts.values()]


def films(found: Any) -> list[VideoContent]:
    def below(elements: Any) -> list[VideoContent]:
        contents = [element.content for element in elements]
        inner = [
            film for content in contents if isinstance(content, GroupContent) for film in below(content.elements)
        ]
        return [content for content in contents if isinstance(content, VideoContent)] + inner

    return below(found.scene.elements)


@pytest.mark.parametrize(
    ("layers", "part", "wanted"),
    [
        ([HDR], (0, 300), [(0.0, 10.0)]),
        ([HDR], (50, 51), [(4.0, 6.0)]),
        ([HDR], (50, 61), [(4.0, 7.0)]),
        ([HDR], (0, 1), [(0.0, 1.0)]),
        ([{**HDR, "start": 3}], (50, 51), [(1.0, 3.0)]),
        ([{**HDR, "start": 3}], (10, 11), []),
        ([{**HDR, "trim": {"start": 4}}], (20, 21), [(5.0, 7.0)]),
        ([{**HDR, "trim": {"start": 4.0005}}], (0, 1), [(3.0, 5.0005)]),
        ([{**HDR, "speed": 2}], (30, 31), [(5.0, 7.0)]),
        ([{**HDR, "duration": 30}], (250, 251), [(9.0, 10.0)]),
        ([{**HDR, "loop": True, "duration": 30}], (150, 151), [(4.0, 6.0)]),
        ([{**HDR, "loop": True, "duration": 30}], (200, 201), [(0.0, 1.0)]),
        ([{**HDR, "loop": True, "duration": 30}], (150, 201), [(0.0, 10.0)]),
        ([HDR, {**HDR, "start": 2, "width": 20}], (50, 51), [(2.0, 6.0)]),
        ([{"type": "group", "start": 2, "layers": [{**HDR, "start": 1}]}], (50, 51), [(1.0, 3.0)]),
    ],
)
def test_what_is_tone_mapped(
    layers: list[dict[str, Any]], part: tuple[int, int], wanted: list[tuple[float, float]]
) -> None:
    assert spans(*layers, part=part) == wanted


def test_subtitles_are_drawn_for_what_is_seen_of_them_and_read_from_that_file() -> None:
    whole = resolved({"type": "subtitles", "src": "styled.ass", "start": 1}, duration=9)
    [all_of_it] = whole.preparations
    found = trim_preparations(whole, 25, 26)
    [drawing] = found.preparations
    assert isinstance(all_of_it, LibassDrawing)
    assert isinstance(drawing, LibassDrawing)
    assert (all_of_it.moments, drawing.moments) == ((0, 10, 30), (10,))
    assert [film.file for film in films(found)] == [drawing.prepared]
    assert drawing.prepared != all_of_it.prepared
    assert trim_preparations(whole, 0, 5).preparations == ()


def test_what_needs_no_preparation_stays_as_it_is() -> None:
    whole = resolved({"type": "video", "src": "film.mp4"})
    assert trim_preparations(whole, 1, 2) is whole
