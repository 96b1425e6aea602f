"""As many frames as possible are copied, and none whose references are missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ffmpeg_worker.bitstreams.nal_units import PictureKind
from ffmpeg_worker.ffmpeg.probe.decode_times import find_decode_times
from ffmpeg_worker.planning.stream_copy.choose_copied import choose_copied
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames
from ffmpeg_worker.planning.stream_copy.copy_request import NotCopied

RESTART, OPEN, PLAIN = PictureKind.RESTART, PictureKind.OPEN, PictureKind.ORDINARY


def frames(text: str) -> CodedFrames:
    """Frames in the order of decoding, such as `I0 3 1 2 C6 4 5`: `I` restarts, `C` is open, `x` is hidden."""
    kinds = {"I": RESTART, "C": OPEN, "x": PictureKind.HIDDEN}
    words = text.split()
    return CodedFrames(
        pts=tuple(int(word.lstrip("ICx")) for word in words),
        kinds=tuple(kinds.get(word[0], PLAIN) for word in words),
    )


CLOSED = "I0 3 1 2 I4 7 5 6 I8 11 9 10"
OPENED = "I0 3 1 2 C6 4 5 9 7 8 C12 10 11"

PARTS = {
    # frames, first, end: head, copied, tail
    (CLOSED, 0, None): ((), (0, 3, 1, 2, 4, 7, 5, 6, 8, 11, 9, 10), ()),
    (CLOSED, 4, 8): ((), (4, 7, 5, 6), ()),
    (CLOSED, 1, 8): ((1, 2, 3), (4, 7, 5, 6), ()),
    (CLOSED, 2, 7): ((2, 3), (4,), (5, 6)),
    (CLOSED, 3, 5): ((3,), (4,), ()),
    (OPENED, 2, 10): ((2, 3, 4, 5), (6, 9, 7, 8), ()),
    (OPENED, 6, 11): ((), (6, 9, 7, 8), (10,)),
    (OPENED, 0, 6): ((), (0, 3, 1, 2), (4, 5)),
    (OPENED, 0, 7): ((), (0, 3, 1, 2, 6, 4, 5), ()),
}


@pytest.mark.parametrize(("text", "first", "end"), PARTS)
def test_frames_are_chosen(text: str, first: int, end: int | None) -> None:
    part = choose_copied(frames(text), first, end)
    assert (part.head, part.copied, part.tail) == PARTS[text, first, end]
    wanted = [pts for pts in sorted(frames(text).pts) if pts >= first and (end is None or pts < end)]
    assert part.shown == wanted


REFUSED: dict[tuple[str, int, int | None], str] = {
    ("I0 3 1 2", 1, None): "no key frame",
    ("I0 3 1 2", 5, None): "no frame",
    ("I0 1 I2 x3 4", 1, None): "edit list",
    ("I0 1 1 I2 3", 1, None): "same timestamp",
    ("I0 3 I1 2 4", 1, None): "no key frame",  # a frame before the key frame is shown after it
}


@pytest.mark.parametrize(("text", "first", "end"), REFUSED)
def test_nothing_is_copied_for_a_reason(text: str, first: int, end: int | None) -> None:
    with pytest.raises(NotCopied, match=REFUSED[text, first, end]):
        choose_copied(frames(text), first, end)


def test_a_problem_of_the_source_is_the_reason() -> None:
    with pytest.raises(NotCopied, match="is encrypted"):
        choose_copied(CodedFrames(problem="the video is encrypted"), 0, None)
    with pytest.raises(NotCopied, match="before the part"):
        choose_copied(replace(frames(CLOSED), has_whole_start=False), 0, None)


@pytest.mark.parametrize("times", [[0, 3, 1, 2], [0, 1, 2], [0, 4, 2, 1, 3, 8, 6, 5, 7], [5], [0, 7, 3, 20, 11]])
def test_frames_are_decoded_in_order_and_before_they_are_shown(times: list[int]) -> None:
    found = find_decode_times(times)
    assert found == sorted(set(found))
    assert all(decoded <= shown for decoded, shown in zip(found, times, strict=True))
