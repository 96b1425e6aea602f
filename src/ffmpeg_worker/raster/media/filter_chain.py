"""Filter graphs of one picture in, one picture out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import av
from av.filter import Graph
from av.video.frame import VideoFrame

Step = tuple[str, str]
"""A filter's name and its arguments."""


class Chain:
    """Filters one after another, set up anew when the form of the frames changes."""

    def __init__(self, steps: Callable[[VideoFrame], Iterable[Step]], *, threads: int = 1) -> None:
        self._steps = steps
        self._threads = threads
        self._form: tuple[object, ...] | None = None
        self._graph: Graph | None = None

    def push(self, frame: VideoFrame) -> None:
        """Let a frame in."""
        form = (frame.format.name, frame.width, frame.height, frame.colorspace, frame.color_range)
        if self._graph is None or form != self._form:
            self._graph = self._set_up(frame)
            self._form = form
        self._graph.vpush(frame)

    def end(self) -> None:
        """Say that no more frames come."""
        if self._graph is not None:
            self._graph.vpush(None)

    def ready(self) -> Iterator[VideoFrame]:
        """The frames that can be had now."""
        while self._graph is not None:
            try:
                yield self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return

    def convert(self, frame: VideoFrame) -> VideoFrame:
        """The frame that comes of a frame."""
        self.push(frame)
        return next(self.ready())

    def _set_up(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        graph.threads = self._threads
        last = graph.add(
            "buffer",
            f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
            f":time_base={frame.time_base or '1/1000'}:pixel_aspect=1/1"
            f":colorspace={int(frame.colorspace)}:range={int(frame.color_range)}",
        )
        for name, arguments in self._steps(frame):
            step = graph.add(name, arguments)
            last.link_to(step)
            last = step
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph
