"""Examinations of made-up scenes whose relation is known."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.planning.vmaf.examine import examine
from ffmpeg_worker.planning.vmaf.find_geometry import Placement, place, turned
from ffmpeg_worker.planning.vmaf.findings import Area, Findings, Turn, read_findings
from ffmpeg_worker.planning.vmaf.thumbnails import Floats, Thumbnails, pair_by_time, read_thumbnails
from support.extent import examples
from support.media.thumbnails import moving_scene, rows, squares, thumbnails, without

SCENE = moving_scene(200)


def look(distorted: Floats, reference: Floats = SCENE, *, noise: float = 0.6, **changes: Any) -> Findings:
    options = {"reach": 51, "tolerance": 0, **changes}
    return examine(thumbnails(reference), thumbnails(distorted, noise=noise), **options)


def edits(found: Findings) -> list[tuple[str, int, int]]:
    return [(edit.kind.value, edit.frame, edit.frames) for edit in found.edits]


def offsets(found: Findings) -> list[tuple[int, int]]:
    return [(part.first, part.offset) for part in found.segments]


@pytest.mark.parametrize("noise", [0.0, 0.6, 2.0, 5.0])
def test_equal_videos_are_equal(noise: float) -> None:
    found = look(SCENE, noise=noise)
    assert (offsets(found), edits(found), found.geometry, found.is_still) == ([(0, 0)], [], None, False)
    assert found.confidence > 0.99
    assert found.similarity is not None
    assert found.similarity > 0.95
    assert sum(run.frames for run in found.runs) == 200


@settings(max_examples=examples(8, least=2), deadline=None)
@given(st.integers(20, 180), st.integers(1, 12), st.floats(0.1, 1.5))
def test_dropped_frames_are_found_where_they_are(at: int, count: int, noise: float) -> None:
    found = look(without(SCENE, range(at, min(at + count, 190))), noise=noise)
    missing = min(at + count, 190) - at
    assert edits(found) == [("dropped", at, missing)]
    assert [(run.reference, run.distorted) for run in found.runs] == [(0, 0), (at + missing, at)]


@settings(max_examples=examples(8, least=2), deadline=None)
@given(st.integers(20, 170), st.integers(1, 12))
def test_duplicated_frames_are_found_where_they_are(at: int, count: int) -> None:
    found = look(np.insert(SCENE, [at] * count, SCENE[at - 1], 0), noise=0.0)
    assert edits(found) == [("duplicated", at, count)]
    assert sum(run.frames for run in found.runs) == 200


@settings(max_examples=examples(8, least=2), deadline=None)
@given(st.integers(20, 150), st.integers(4, 25))
def test_a_freeze_is_found_and_shifts_nothing(at: int, count: int) -> None:
    frozen = SCENE.copy()
    frozen[at : at + count] = SCENE[at - 1]
    found = look(frozen, noise=0.0)
    assert offsets(found) == [(0, 0)]
    assert edits(found) == [("frozen", at, count)]


@settings(max_examples=examples(8, least=2), deadline=None)
@given(st.integers(-45, 45), st.floats(0.1, 2.0))
def test_a_shift_of_the_whole_clip_is_one_segment(shift: int, noise: float) -> None:
    found = look(SCENE[max(shift, 0) :], SCENE[max(-shift, 0) :], noise=noise)
    assert offsets(found) == [(0, shift)]
    assert edits(found) == []


def test_several_changes_are_found_together() -> None:
    shown = without(SCENE, [40, 80, 81, 120])
    found = look(shown)
    assert edits(found) == [("dropped", 40, 1), ("dropped", 79, 2), ("dropped", 117, 1)]
    assert [part.offset for part in found.segments] == [0, 1, 3, 4]


def test_inserted_and_replaced_frames_are_of_something_else() -> None:
    other = moving_scene(20, seed=5)
    found = look(np.concatenate((SCENE[:80], other, SCENE[80:])))
    assert edits(found) == [("inserted", 80, 20)]
    replaced = SCENE.copy()
    replaced[80:100] = other
    assert edits(look(replaced)) == [("unmatched", 80, 20)]


@pytest.mark.parametrize("noise", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("speed", [0.0, 0.002])
def test_still_pictures_give_no_claim(noise: float, speed: float) -> None:
    scene = np.repeat(moving_scene(1), 200, 0) if not speed else moving_scene(200, seed=3, speed=speed)
    scene = scene if speed else scene + np.random.default_rng(2).normal(0, noise, scene.shape).astype(np.float32)
    found = look(scene, scene, noise=noise)
    assert (offsets(found), edits(found), found.geometry) == ([(0, 0)], [], None)


@settings(max_examples=examples(4, least=2), deadline=None)
@given(st.integers(2, 30), st.floats(0, 2.0))
def test_loops_fades_and_cuts_give_no_claim(period: int, noise: float) -> None:
    loop = np.concatenate([SCENE[:period]] * (200 // period + 1))[:200]
    cuts = np.concatenate([moving_scene(10, seed=seed) for seed in range(20)])
    ramp = np.concatenate((np.linspace(0, 1, 40), np.ones(120), np.linspace(1, 0, 40)))
    fade = 16 + (SCENE - 16) * ramp[:, None].astype(np.float32)
    slides = np.repeat(np.concatenate([moving_scene(1, seed=seed) for seed in range(5)]), 40, 0)
    for scene in (loop, cuts, fade, slides):
        found = look(scene, scene, noise=noise)
        assert (offsets(found), edits(found), found.geometry) == ([(0, 0)], [], None)


def test_changed_tones_and_overlays_are_no_other_geometry() -> None:
    for changed in (0.8 * SCENE + 30, 255 * (SCENE.clip(0, 255) / 255) ** 0.8):
        assert look(changed.astype(np.float32)).geometry is None
    logo = squares(SCENE.copy())
    logo[:, 1:5, 17:23] = 250
    found = look(rows(logo))
    assert (found.geometry, edits(found)) == (None, [])


@pytest.mark.parametrize("turn", [turn for turn in Turn if turn is not Turn.NONE])
def test_turned_pictures_are_named_also_with_dropped_frames(turn: Turn) -> None:
    shown = rows(turned(squares(SCENE), turn))
    found = look(without(shown, [100]))
    assert found.geometry is not None
    assert (found.geometry.turn, found.geometry.visible, found.geometry.shown) == (turn, Area(), Area())
    assert edits(found) == [("dropped", 100, 1)]


@pytest.mark.parametrize(
    ("scale_x", "scale_y", "shift_x", "shift_y"),
    [(0.94, 0.94, 0.0, 0.0), (0.9, 0.8, 0.02, -0.03), (0.75, 0.75, 0.1, 0.0), (0.5, 0.5, 0.0, 0.0)],
)
def test_crops_are_measured(scale_x: float, scale_y: float, shift_x: float, shift_y: float) -> None:
    shown, _ = place(squares(SCENE), Placement(scale_x, scale_y, shift_x, shift_y))
    found = look(rows(shown))
    assert found.geometry is not None
    left, right = 0.5 + shift_x - scale_x / 2, 0.5 + shift_x + scale_x / 2
    assert found.geometry.shown.left == pytest.approx(left, abs=0.02)
    assert found.geometry.shown.right == pytest.approx(right, abs=0.02)
    assert found.geometry.visible == Area()
    assert offsets(found) == [(0, 0)]


@pytest.mark.parametrize("color", [16.0, 128.0])
@pytest.mark.parametrize(("columns", "lines"), [(3, 0), (0, 4), (4, 3)])
@pytest.mark.parametrize("is_squeezed", [False, True])
@pytest.mark.sampled(3)
def test_bars_are_measured(columns: int, lines: int, color: float, *, is_squeezed: bool) -> None:
    shown = squares(SCENE.copy())
    if is_squeezed:
        shown, _ = place(shown, Placement(24 / (24 - 2 * columns), 24 / (24 - 2 * lines)))
    framed = np.full_like(shown, color)
    inner = slice(lines, 24 - lines), slice(columns, 24 - columns)
    framed[:, inner[0], inner[1]] = shown[:, inner[0], inner[1]]
    found = look(rows(framed), noise=0.3)
    area = Area(columns / 24, lines / 24, 1 - columns / 24, 1 - lines / 24)
    assert found.geometry is not None
    assert found.geometry.has_bars
    for side in ("left", "top", "right", "bottom"):
        assert getattr(found.geometry.visible, side) == pytest.approx(getattr(area, side), abs=0.02)
    assert found.geometry.shown == (Area() if is_squeezed else found.geometry.visible)


def test_different_pictures_are_not_similar() -> None:
    found = look(moving_scene(200, seed=9))
    assert found.geometry is None
    assert found.similarity is not None
    assert found.similarity < 0.6


def test_a_change_of_the_rate_gives_no_claim() -> None:
    every = SCENE[np.arange(200) * 4 // 5]
    found = look(every, SCENE[np.arange(200) * 4 // 5], tolerance=2)
    assert (offsets(found), edits(found)) == ([(0, 0)], [])
    doubled = SCENE[np.arange(200) // 2 * 2]
    found = look(doubled, SCENE, tolerance=2)
    assert (offsets(found), edits(found)) == ([(0, 0)], [])


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 200), (200, 1), (2, 2), (3, 200)])
def test_few_frames_are_enough(first: int, second: int) -> None:
    found = look(SCENE[:second], SCENE[:first])
    assert found.similarity is not None
    assert found.similarity > 0.95
    assert (offsets(found)[0], found.geometry) == ((0, 0), None)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (5, 0), (0, 0)])
def test_no_frames_are_no_error(first: int, second: int) -> None:
    found = look(SCENE[:second], SCENE[:first])
    assert (found.segments, found.runs, found.similarity) == ((), (), None)


def test_blank_frames_tell_nothing() -> None:
    black = np.full_like(SCENE, 16)
    found = look(black, black, noise=0.0)
    assert (found.similarity, edits(found), found.geometry) == (None, [], None)


def test_black_frames_against_pictures_are_different() -> None:
    black = np.full_like(SCENE, 16)
    for found in (look(black, SCENE, noise=0.0), look(SCENE, black, noise=0.0)):
        assert found.similarity is not None
        assert found.similarity < 0.1
        assert found.geometry is None
    half = np.concatenate((SCENE[:120], black[120:]))
    assert [edit.kind.value for edit in look(half, noise=0.0).edits] == ["unmatched"]


def test_frames_are_paired_by_time() -> None:
    reference = thumbnails(SCENE[:6])
    with_gap = Thumbnails(reference.pixels[:4], np.array([0, 4, 13, 23]))
    assert pair_by_time(reference, with_gap).tolist() == [0, 1, 3, 6]


def test_incomplete_files_are_read_as_far_as_they_go() -> None:
    stamps = b"#tb 0: 1/100\n0, 0, 0, 4, 576, 0x1\n0, 4, 4, 4, 576, 0x1\n0, 8, 8"
    video = read_thumbnails(bytes(576 * 2 + 100), stamps)
    assert (len(video), video.times.tolist()) == (2, [0, 4])


def test_nothing_is_loaded_during_an_examination() -> None:
    """A confined process cannot load modules; `compute_program` loads them before."""
    import numpy.ma  # noqa: F401

    before = set(sys.modules)
    look(without(SCENE, [50]))
    look(rows(turned(squares(SCENE), Turn.MIRRORED)))
    assert {name for name in set(sys.modules) - before if not name.startswith("hypothesis")} == set()


def test_findings_survive_json() -> None:
    import json
    from dataclasses import asdict

    found = look(without(rows(turned(squares(SCENE), Turn.MIRRORED)), [100]))
    assert read_findings(json.dumps(asdict(found)).encode()) == found
