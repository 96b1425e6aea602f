"""libavfilter chains with one video input and one output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import av
from av.filter import Graph
from av.video.frame import VideoFrame

Filter = tuple[str, str]
"""A filter's name and its arguments."""


class FilterChain:
    """Filters in series; the graph is rebuilt when the format of the frames changes."""

    def __init__(self, filters_for: Callable[[VideoFrame], Iterable[Filter]]) -> None:
        self._filters_for = filters_for
        self._format: tuple[object, ...] | None = None
        self._graph: Graph | None = None

    def push(self, frame: VideoFrame) -> None:
        """Send a frame into the chain."""
        frame_format = (frame.format.name, frame.width, frame.height, frame.colorspace, frame.color_range)
        if self._graph is None or frame_format != self._format:
            self._graph = self._build(frame)
            self._format = frame_format
        self._graph.vpush(frame)

    def end(self) -> None:
        """Signal the end of the input."""
        if self._graph is not None:
            self._graph.vpush(None)

    def pull(self) -> Iterator[VideoFrame]:
        """Yield the frames that are ready."""
        while self._graph is not None:
            try:
                yield self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return

    def convert(self, frame: VideoFrame) -> VideoFrame:
        """Push a frame and return the first frame that is ready."""
        self.push(frame)
        return next(self.pull())

    def _build(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        graph.threads = 1
        last = graph.add(
            "buffer",
            f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
            f":time_base={frame.time_base or '1/1000'}:pixel_aspect=1/1"
            f":colorspace={int(frame.colorspace)}:range={int(frame.color_range)}",
        )
        for name, arguments in self._filters_for(frame):
            added = graph.add(name, arguments)
            last.link_to(added)
            last = added
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph
