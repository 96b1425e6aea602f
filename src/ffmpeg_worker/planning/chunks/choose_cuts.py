"""Chooses the frames at which an encode is split."""

from __future__ import annotations

from bisect import bisect_left

from ffmpeg_worker.budgets import MAX_CHUNKS, MIN_CHUNK_S, MIN_SPLIT_S
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.packet_index import PacketIndex


def choose_cuts(index: PacketIndex, wanted: int, key_interval: int | None) -> tuple[int, ...]:
    """The first frame of each chunk, and at the end the number of all frames.

    Chunks begin at key frames of the source: there the picture often changes, and little must be decoded before.
    Where the caller asks for a `key_interval`, they begin at multiples of it, so that key frames stay where they
    are.

    Raises:
        NotSplit: it is too short, or has too few key frames.
    """
    length_s = float(index.frames / index.rate)
    if length_s < MIN_SPLIT_S:
        raise NotSplit(f"the video has {length_s:.0f} s, and splitting pays from {MIN_SPLIT_S:.0f} s on")
    least = int(MIN_CHUNK_S * index.rate)
    count = min(wanted, MAX_CHUNKS, max(index.frames // least, 1))
    cuts = [0]
    for number in range(1, count):
        cut = _nearest(index, index.frames * number // count, key_interval)
        if cut is not None and cut - cuts[-1] >= least // 2 and index.frames - cut >= least // 2:
            cuts.append(cut)
    if len(cuts) == 1:
        raise NotSplit("the source has no key frames at which chunks could begin")
    return (*cuts, index.frames)


def _nearest(index: PacketIndex, frame: int, key_interval: int | None) -> int | None:
    """The place for a cut that is nearest to a frame."""
    if key_interval is not None and key_interval > 1:
        return round(frame / key_interval) * key_interval or None
    place = bisect_left(index.keys, frame)
    near = [key for key in index.keys[max(place - 1, 0) : place + 1] if 0 < key < index.frames]
    return min(near, key=lambda key: abs(key - frame), default=None)
