"""The elements that are visible at a frame, in painter's order, and their draw commands."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from ffmpeg_worker.composition.transitions import TRANSITIONS
from ffmpeg_worker.raster.element_transitions import TransitionProgress, transition_progress
from ffmpeg_worker.raster.layer import BitmapDraw, Layer
from ffmpeg_worker.raster.source import OpenSource, Source
from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.transform import bounds
from ffmpeg_worker.raster.xfade import Surface, TransitionMixer
from ffmpeg_worker.scene.content import VideoContent
from ffmpeg_worker.scene.curve import max_value
from ffmpeg_worker.scene.scene import Element, GroupContent

_FADING_SHARE = 1 / 3
"""Share of a transition, at its end, in which an old element fades that the new one will not cover."""
_ROUNDING = 0.5


@dataclass(frozen=True, slots=True)
class TransitionDraw:
    """A command to draw a transition between two bitmaps over the whole surface."""

    before: BitmapDraw | None
    after: BitmapDraw | None
    transition: TransitionProgress
    mixer: TransitionMixer


DrawCommand = BitmapDraw | TransitionDraw


class _TransitionPair(NamedTuple):
    """The indexes of the elements that a transition leads from and to, and its progress."""

    old: int
    new: int
    transition: TransitionProgress


class ActiveElements:
    """Opens elements when they become visible, and closes them afterwards; call `close` at the end.

    `size` is the surface's in pixels, `fps` its frames per second. Frames mostly increase; they may jump.
    Elements that are not visible cost nothing.
    """

    def __init__(
        self, elements: tuple[Element, ...], size: tuple[int, int], fps: float, open_source: OpenSource
    ) -> None:
        self.size = size
        self.fps = fps
        self._elements = elements
        self._open_source = open_source
        self._by_start = sorted(range(len(elements)), key=lambda index: elements[index].first)
        self._starts = [elements[index].first for index in self._by_start]
        self._active: list[int] = []
        self._started = 0
        self._frame = -1
        self._layers: dict[int, Layer] = {}

    def close(self) -> None:
        """Close all open sources."""
        for layer in self._layers.values():
            layer.close()
        self._layers.clear()

    def list_commands(self, frame: int) -> list[DrawCommand]:
        """Return the draw commands of a frame, bottom first."""
        self._go_to(frame)
        pairs = self._find_pairs(frame)
        commands: list[DrawCommand] = []
        done: set[int] = set()
        for index in self._active:
            if index in done:
                continue
            pair = pairs.get(index)
            if pair and TRANSITIONS[pair.transition.name].is_alone:
                done.update((pair.old, pair.new))
                commands += self._draw_above(pair, frame)
            elif pair:
                done.update((pair.old, pair.new))
                commands.append(self._make_transition(pair, frame))
            elif command := self._layer(index).make_command(frame):
                commands.append(command)
        return commands

    def decode_ahead(self, frame: int, threads: int) -> None:
        """Open and decode the videos of a frame in parallel, before its draw commands are requested.

        Errors are raised by `list_commands`, in drawing order.
        """
        self._go_to(frame)
        videos = [index for index in self._active if isinstance(self._elements[index].content, VideoContent)]
        if min(len(videos), threads) > 1:
            with suppress(RuntimeError), ThreadPoolExecutor(threads) as pool:  # no thread can be started
                pool.map(partial(self._decode, frame), videos)

    def _decode(self, frame: int, index: int) -> None:
        with suppress(Exception):
            # Without transitions: two videos may share the mixer of one.
            self._layer(index).make_command(frame, enters=False, leaves=False)

    def _find_pairs(self, frame: int) -> dict[int, _TransitionPair]:
        """Return the transitions between two elements, by the index of either element."""
        pairs: dict[int, _TransitionPair] = {}
        for index in self._active:
            element = self._elements[index]
            old, enter = element.replaces, element.enter
            if enter is None or old is None or old not in self._active or frame >= element.first + enter.frames:
                continue
            if old not in pairs and index not in pairs:
                transition = transition_progress(enter, frame - element.first, is_leaving=False)
                pairs[old] = pairs[index] = _TransitionPair(old, index, transition)
        return pairs

    def _draw_above(self, pair: _TransitionPair, frame: int) -> Iterator[BitmapDraw]:
        """Yield the old element and the new one above it; the old one fades if it would vanish at the end."""
        below = self._layer(pair.old).make_command(frame, leaves=False)
        layer = self._layer(pair.new)
        if below and not self._covers(layer.make_command(frame, enters=False), below):
            share = min((1 - pair.transition.progress) / _FADING_SHARE, 1.0)
            opacity = below.placement.opacity * max(share, 0.0)
            below = replace(below, placement=replace(below.placement, opacity=opacity))
        yield from filter(None, (below, layer.make_command(frame)))

    def _covers(self, above: BitmapDraw | None, below: BitmapDraw) -> bool:
        """Whether the rectangle of a bitmap covers that of another one, as far as it is on the surface."""
        if above is None:
            return False
        upper, lower = (bounds(draw.placement.transform, *draw.bitmap.size) for draw in (above, below))
        width, height = self.size
        return (
            upper[0] <= max(lower[0], 0) + _ROUNDING
            and upper[1] <= max(lower[1], 0) + _ROUNDING
            and upper[2] >= min(lower[2], width) - _ROUNDING
            and upper[3] >= min(lower[3], height) - _ROUNDING
        )

    def _make_transition(self, pair: _TransitionPair, frame: int) -> TransitionDraw:
        before = self._layer(pair.old).make_command(frame, leaves=False)
        layer = self._layer(pair.new)
        after = layer.make_command(frame, enters=False)
        return TransitionDraw(before, after, pair.transition, layer.mixer)

    def _layer(self, index: int) -> Layer:
        if index not in self._layers:
            self._layers[index] = Layer(self._elements[index], self.size, self.fps, self._open)
        return self._layers[index]

    def _go_to(self, frame: int) -> None:
        """Update the active elements, and close those that are over."""
        started = bisect.bisect_right(self._starts, frame)
        if frame < self._frame:
            candidates, self._started = [], 0
        else:
            candidates = self._active
        new = self._by_start[self._started : started]
        active = [index for index in (*candidates, *new) if self._elements[index].last > frame]
        if new or len(active) != len(self._active):
            active.sort()
        self._active, self._started, self._frame = active, started, frame
        for index in self._layers.keys() - active:
            self._layers.pop(index).close()

    def _open(self, element: Element, size: tuple[int, int] | None) -> Source:
        if not isinstance(element.content, GroupContent):
            return self._open_source(element, size)
        wanted = zip((element.width, element.height), self.size, strict=True)
        width, height = (full if own is None else max(round(max_value(own)), 1) for own, full in wanted)
        elements = ActiveElements(element.content.elements, (width, height), self.fps, self._open_source)
        return GroupSource(elements)


class GroupSource:
    """A `Source` of elements that are drawn together."""

    def __init__(self, elements: ActiveElements) -> None:
        self.size = elements.size
        self._elements = elements
        self._commands: list[DrawCommand] = []
        self._bitmap: RgbaBitmap | None = None

    def render(self, time_s: float) -> RgbaBitmap | None:
        """Return the composited elements; the same object while nothing changes."""
        commands = self._elements.list_commands(round(time_s * self._elements.fps))
        if commands != self._commands:
            self._commands, self._bitmap = commands, None
        if self._bitmap is None and commands:
            surface = RgbaSurface(*self.size)
            run_commands(commands, surface)
            self._bitmap = RgbaBitmap(surface.rgba)
        return self._bitmap

    def close(self) -> None:
        """Close the sources of the elements."""
        self._elements.close()


def run_commands(commands: list[DrawCommand], surface: Surface, spare: Surface | None = None) -> None:
    """Draw everything, bottom first; `spare` is a surface of the same kind and size that may be overwritten."""
    for command in commands:
        if isinstance(command, BitmapDraw):
            surface.draw(command.bitmap, command.placement)
            continue
        before = spare or type(surface)(surface.width, surface.height)
        before.copy_from(surface)  # type: ignore[arg-type]  # they are of one kind
        for draw, onto in ((command.before, before), (command.after, surface)):
            if draw is not None:
                onto.draw(draw.bitmap, draw.placement)
        command.mixer.mix_surfaces(surface, before, command.transition.name, command.transition.progress)
