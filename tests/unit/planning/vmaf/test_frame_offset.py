"""The measured shift between two sequences of thumbnails."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.planning.vmaf.frame_offset import CELLS, FRAME_BYTES, find_offset, split_signatures
from support.media.thumbnails import scene, signatures


@settings(max_examples=25, deadline=None)
@given(
    shift=st.integers(-50, 50),
    count=st.integers(120, 150),
    seed=st.integers(0, 2**16),
    gain=st.floats(0.5, 1.3),
    lift=st.floats(-3000, 3000),
    noise=st.floats(0, 200),
)
def test_the_shift_is_recovered(shift: int, count: int, seed: int, gain: float, lift: float, noise: float) -> None:
    frames = scene(count + 50, seed)
    reference = signatures(frames[max(-shift, 0) : count])
    distorted = signatures(frames[max(shift, 0) : count], gain=gain, lift=lift, noise=noise, seed=seed)
    found = find_offset(reference, distorted, max_shift=50)
    assert found is not None
    assert found.frames == shift
    assert found.confidence > 0.9
    assert found.correlation > 0.5


@settings(max_examples=15, deadline=None)
@given(one=st.integers(0, 2**16), other=st.integers(2**17, 2**18))
def test_different_content_gives_no_confidence(one: int, other: int) -> None:
    found = find_offset(signatures(scene(150, one)), signatures(scene(150, other)), max_shift=50)
    assert found is not None
    assert found.correlation < 0.2
    assert found.confidence < 0.9


def test_a_positive_shift_means_that_the_distorted_video_starts_later() -> None:
    frames = scene(100, seed=1)
    found = find_offset(signatures(frames), signatures(frames[7:]), max_shift=50)
    assert found is not None
    assert found.frames == 7


def test_a_black_leader_does_not_hide_the_motion_behind_it() -> None:
    frames = scene(100, seed=2)
    black = [[1000.0] * CELLS] * 9
    found = find_offset(signatures(frames), signatures([*black, *frames]), max_shift=50)
    assert found is not None
    assert (found.frames, round(found.confidence, 3)) == (-9, 1.0)


def test_a_single_cut_is_weaker_evidence_than_motion() -> None:
    still, other = scene(2, seed=3, step=4000)
    reference = signatures([still] * 60 + [other] * 60, noise=20, seed=1)
    distorted = signatures([still] * 50 + [other] * 60, noise=20, seed=2)
    found = find_offset(reference, distorted, max_shift=50)
    assert found is not None
    assert found.frames == 10
    assert 0.5 < found.confidence < 1.0


def test_a_loop_fits_in_many_ways_and_the_smallest_shift_is_named() -> None:
    loop = scene(10, seed=4) * 15
    found = find_offset(signatures(loop), signatures(loop), max_shift=50)
    assert found is not None
    assert (found.frames, found.confidence) == (0, 0.0)


@pytest.mark.parametrize(
    ("reference", "distorted"),
    [
        pytest.param(b"", b"", id="nothing"),
        pytest.param(signatures(scene(5, 1)), signatures(scene(5, 1)), id="too-short"),
        pytest.param(signatures([[20000.0] * CELLS] * 100), signatures(scene(100, 1)), id="one-stands-still"),
        pytest.param(
            signatures([[20000.0] * CELLS] * 100, noise=5),
            signatures([[20000.0] * CELLS] * 100, noise=5, seed=1),
            id="only-noise",
        ),
    ],
)
def test_without_motion_there_is_no_answer(reference: bytes, distorted: bytes) -> None:
    assert find_offset(reference, distorted, max_shift=50) is None


def test_stacked_signatures_are_taken_apart_and_a_broken_end_is_dropped() -> None:
    upper, lower = b"u" * FRAME_BYTES, b"l" * FRAME_BYTES
    assert split_signatures((upper + lower) * 3 + upper + b"l") == (upper * 3, lower * 3)
    assert split_signatures(b"") == (b"", b"")


def test_it_is_fast_enough_to_be_called_twice_for_each_job() -> None:
    frames = scene(360, seed=5)
    reference, distorted = signatures(frames), signatures(frames[7:])
    started = time.process_time()
    find_offset(reference, distorted, max_shift=120)
    assert time.process_time() - started < 1.0, "measured: 0.05 s for 6 s at 60 fps"
