"""How content of one size lies in a box of another."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.scene.scene import Fit

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction: the share of the content that is shown, and from where to where in the box, in pixels."""

    shown: tuple[float, float]
    place: tuple[float, float]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut off."""
        return self.shown == (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Fitting:
    """Both directions of a content in its box."""

    x: Axis
    y: Axis
    box: Size

    @property
    def fills(self) -> bool:
        """Whether the content covers the box."""
        return self.x.place == (0.0, float(self.box[0])) and self.y.place == (0.0, float(self.box[1]))


def fit_into(fit: Fit, content: Size, box: Size) -> Fitting:
    """Lay content into a box as CSS `object-fit` does; `contain-blur` lies as `contain`."""
    across, down = scales_of(fit, content, box)
    return Fitting(_axis(content[0] * across, box[0]), _axis(content[1] * down, box[1]), box)


def scales_of(fit: Fit, content: tuple[float, float], box: Size) -> tuple[float, float]:
    """How much content is enlarged in both directions."""
    across, down = box[0] / content[0], box[1] / content[1]
    if fit == "fill":
        return across, down
    if fit == "none":
        return 1.0, 1.0
    if fit == "cover":
        return (max(across, down),) * 2
    return (min(across, down, 1.0 if fit == "scale-down" else float("inf")),) * 2


def _axis(length: float, box: int) -> Axis:
    # Rounding must make neither a bar nor a cut of less than a hundredth of a pixel.
    if length > box + 0.01:
        hidden = (1 - box / length) / 2
        return Axis((hidden, 1 - hidden), (0.0, float(box)))
    if length < box - 0.01:
        return Axis((0.0, 1.0), ((box - length) / 2, (box + length) / 2))
    return Axis((0.0, 1.0), (0.0, float(box)))


@dataclass(frozen=True, slots=True)
class Span:
    """One direction in whole pixels: `crop` (from, length) of the content is scaled to `scaled` pixels.

    Of these, `length` pixels from `offset` on are shown at `place` of the box.
    """

    crop: tuple[int, int]
    scaled: int
    offset: int
    place: int
    length: int


def snap(axis: Axis, content: int, box: int, *, step: int = 2) -> Span:
    """Bring a direction to multiples of `step` pixels without changing its scale.

    The crop takes in what is shown and a little more; what is too much is cut off after scaling.
    """
    place = min(_near(axis.place[0], step), box - step)
    end = min(max(_near(axis.place[1], step), place + step), box)
    length = end - place
    if axis.is_whole:
        return Span((0, content), length, 0, place, length)
    first, last = axis.shown[0] * content, axis.shown[1] * content
    begin = int(first // step) * step
    stop = min(-int(-last // step) * step, content)
    scale = length / (last - first)
    scaled = max(_near((stop - begin) * scale, step), length)
    offset = min(max(_near((first - begin) * scale, step), 0), scaled - length)
    return Span((begin, stop - begin), scaled, offset, place, length)


def _near(value: float, step: int) -> int:
    return int(value / step + 0.5) * step
