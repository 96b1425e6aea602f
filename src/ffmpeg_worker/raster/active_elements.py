"""Elements in painter's order, opened when they come and closed when they are gone."""

from __future__ import annotations

import bisect
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from ffmpeg_worker.raster.element_transitions import TransitionProgress, passage
from ffmpeg_worker.raster.layer import BitmapDraw, Layer, OpenSource
from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap, Source
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.xfade import Mixer, Surface
from ffmpeg_worker.scene.curve import greatest
from ffmpeg_worker.scene.scene import Element, GroupContent, VideoContent


@dataclass(frozen=True, slots=True)
class TransitionDraw:
    """One drawing that becomes another, over the whole surface."""

    before: BitmapDraw | None
    after: BitmapDraw | None
    name: str
    share: float
    mixer: Mixer


DrawCommand = BitmapDraw | TransitionDraw


class TransitionPair(NamedTuple):
    """What leaves, what comes (by index), and how far that is."""

    old: int
    new: int
    way: TransitionProgress


class ActiveElements:
    """Elements of a surface of `size` pixels at `fps` frames a second; `close` it.

    Frames mostly rise; they may jump. Elements that are not shown cost nothing.
    """

    def __init__(
        self, elements: tuple[Element, ...], size: tuple[int, int], fps: float, open_source: OpenSource
    ) -> None:
        self._elements = elements
        self._size = size
        self._fps = fps
        self._open_source = open_source
        self._coming = sorted(range(len(elements)), key=lambda index: elements[index].first)
        self._firsts = [elements[index].first for index in self._coming]
        self._shown: list[int] = []
        self._until = 0
        self._frame = -1
        self._layers: dict[int, Layer] = {}

    def close(self) -> None:
        """Close every source that is open."""
        for layer in self._layers.values():
            layer.close()
        self._layers.clear()

    def acts(self, frame: int) -> list[DrawCommand]:
        """What is drawn at a frame, from the bottom up."""
        self._go_to(frame)
        pairs = self._pairs(frame)
        found: list[DrawCommand] = []
        done: set[int] = set()
        for index in self._shown:
            if index in done:
                continue
            pair = pairs.get(index)
            act = self._exchange(pair, frame) if pair else self._layer(index).drawing(frame)
            if pair:
                done.update((pair.old, pair.new))
            if act is not None:
                found.append(act)
        return found

    def look_ahead(self, frame: int, at_once: int) -> None:
        """Let the films of a frame be opened and decoded side by side, so many at once, before it is asked for.

        What goes wrong shows then, in the order in which they are drawn.
        """
        self._go_to(frame)
        films = [index for index in self._shown if isinstance(self._elements[index].content, VideoContent)]
        if min(len(films), at_once) > 1:
            with suppress(RuntimeError), ThreadPoolExecutor(at_once) as pool:  # where no thread can be had
                pool.map(partial(self._try, frame), films)

    def _try(self, frame: int, index: int) -> None:
        with suppress(Exception):
            # Transitions wait until it is drawn: two films may have one together.
            self._layer(index).drawing(frame, enters=False, leaves=False)

    def _pairs(self, frame: int) -> dict[int, TransitionPair]:
        """By both of its elements: each that leaves and what comes in its place at the moment."""
        found: dict[int, TransitionPair] = {}
        for index in self._shown:
            element = self._elements[index]
            old, enter = element.replaces, element.enter
            if enter is None or old is None or old not in self._shown or frame >= element.first + enter.frames:
                continue
            if old not in found and index not in found:
                found[old] = found[index] = TransitionPair(
                    old, index, passage(enter, frame - element.first, leaves=False)
                )
        return found

    def _exchange(self, pair: TransitionPair, frame: int) -> TransitionDraw:
        before = self._layer(pair.old).drawing(frame, leaves=False)
        layer = self._layer(pair.new)
        after = layer.drawing(frame, enters=False)
        return TransitionDraw(before, after, pair.way.name, pair.way.share, layer.mixer)

    def _layer(self, index: int) -> Layer:
        if index not in self._layers:
            self._layers[index] = Layer(self._elements[index], self._size, self._fps, self._open)
        return self._layers[index]

    def _go_to(self, frame: int) -> None:
        until = bisect.bisect_right(self._firsts, frame)
        if frame < self._frame:
            shown, self._until = [], 0
        else:
            shown = self._shown
        come = self._coming[self._until : until]
        left = [index for index in (*shown, *come) if self._elements[index].last > frame]
        if come or len(left) != len(self._shown):
            left.sort()
        self._shown, self._until, self._frame = left, until, frame
        for index in [index for index in self._layers if not self._is_shown(index, frame)]:
            self._layers.pop(index).close()

    def _is_shown(self, index: int, frame: int) -> bool:
        return self._elements[index].first <= frame < self._elements[index].last

    def _open(self, element: Element, size: tuple[int, int] | None) -> Source:
        if not isinstance(element.content, GroupContent):
            return self._open_source(element, size)
        wanted = zip((element.width, element.height), self._size, strict=True)
        width, height = (full if own is None else max(round(greatest(own)), 1) for own, full in wanted)
        return Group(ActiveElements(element.content.elements, (width, height), self._fps, self._open_source))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the surface."""
        return self._size

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self._fps


class Group:
    """Elements drawn together, as a source."""

    def __init__(self, stage: ActiveElements) -> None:
        self._stage = stage
        self._acts: list[DrawCommand] = []
        self._tile: RgbaBitmap | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._stage.size

    def picture(self, time_s: float) -> RgbaBitmap | None:
        """What the elements look like together; the same object while nothing changes."""
        acts = self._stage.acts(round(time_s * self._stage.fps))
        if acts != self._acts:
            self._acts, self._tile = acts, None
        if self._tile is None and acts:
            surface = RgbaSurface(*self.size)
            paint(acts, surface)
            self._tile = RgbaBitmap(surface.rgba)
        return self._tile

    def close(self) -> None:
        """Close what is in it."""
        self._stage.close()


def paint(acts: list[DrawCommand], surface: Surface, spare: Surface | None = None) -> None:
    """Draw everything, from the bottom up; `spare` is another surface of that kind and size, to be drawn over."""
    for act in acts:
        if isinstance(act, BitmapDraw):
            surface.draw(act.picture, act.place)
            continue
        before = spare or type(surface)(surface.width, surface.height)
        before.copy_from(surface)  # type: ignore[arg-type]  # they are of one kind
        for drawing, onto in ((act.before, before), (act.after, surface)):
            if drawing is not None:
                onto.draw(drawing.picture, drawing.place)
        act.mixer.exchange(surface, before, act.name, act.share)
