"""Decoding timestamps for packets whose times of presentation are known."""

from __future__ import annotations

from collections.abc import Sequence


def find_decode_times(times: Sequence[int]) -> list[int]:
    """The time at which each frame is decoded: in order, and never after it is shown.

    `times` are those at which frames are shown, all different, in the order of decoding. The first frames are
    decoded before the first one is shown, by as many frames as the order of decoding runs ahead.
    """
    shown = sorted(times)
    place = {time: number for number, time in enumerate(shown)}
    delay = max((number - place[time] for number, time in enumerate(times)), default=0)
    step = max(shown[1] - shown[0], 1) if len(shown) > 1 else 1
    before = [shown[0] - step * number for number in range(delay, 0, -1)]
    return [*before, *shown[: len(shown) - delay]]
