"""Whole pictures from interlaced ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from av.video.frame import VideoFrame

from ffmpeg_worker.raster.media.filter_chain import Chain


def deinterlaced(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """As many frames, at the same times; each is made with its neighbours in sight."""
    chain = Chain(lambda _: [("bwdif", "mode=send_frame:parity=auto:deint=all")])
    for frame in frames:
        chain.push(frame)
        yield from chain.ready()
    chain.end()
    yield from chain.ready()
