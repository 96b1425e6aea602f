"""Deinterlacing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from av.video.frame import VideoFrame

from ffmpeg_worker.raster.media.filter_chain import FilterChain


def deinterlace(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """Yield one progressive frame per interlaced frame, with the same times."""
    chain = FilterChain(lambda _: [("bwdif", "mode=send_frame:parity=auto:deint=all")])
    for frame in frames:
        chain.push(frame)
        yield from chain.pull()
    chain.end()
    yield from chain.pull()
