"""Transitions that move, scale or fade an element."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.raster.transform import Matrix, at, bounds, then, turned
from ffmpeg_worker.scene.easing import read_easing
from ffmpeg_worker.scene.scene import Transition

_WAYS = {"slide-left": (-1, 0), "slide-right": (1, 0), "slide-up": (0, -1), "slide-down": (0, 1)}


@dataclass(frozen=True, slots=True)
class TransitionProgress:
    """A transition on its way: `share` (0 to 1, eased, may leave it) is done of coming, or of leaving."""

    name: str
    share: float
    leaves: bool

    @property
    def there(self) -> float:
        """How much of the element has come, or is left."""
        return 1 - self.share if self.leaves else self.share


def passage(transition: Transition, frame: int, *, leaves: bool) -> TransitionProgress:
    """How far a transition is at one of its frames."""
    share = read_easing(transition.easing)(frame / transition.frames)
    return TransitionProgress(transition.name, share, leaves)


def opacity_of(way: TransitionProgress) -> float:
    """What the element's opacity is multiplied with."""
    if way.name in {"fade", "zoom-out"}:
        return min(max(way.there, 0.0), 1.0)
    if way.name in {"zoom", "pop"}:
        return min(max(way.there * 3, 0.0), 1.0)
    return 1.0


def moved(matrix: Matrix, way: TransitionProgress, box: tuple[float, float], surface: tuple[int, int]) -> Matrix:
    """Where an element, whose box is placed by the matrix, is on its way."""
    left, top, right, bottom = bounds(matrix, *box)
    if way.name in _WAYS:
        x, y = _WAYS[way.name]
        if way.leaves:
            x, y = -x, -y
        # It comes from, or goes to, where it is just out of sight.
        far_x = right if x > 0 else surface[0] - left
        far_y = bottom if y > 0 else surface[1] - top
        missing = 1 - way.there
        return then(matrix, at(-x * far_x * missing, -y * far_y * missing))
    middle = ((left + right) / 2, (top + bottom) / 2)
    return then(matrix, turned(_scale(way), 0.0, middle))


def _scale(way: TransitionProgress) -> float:
    there = way.there
    if way.name == "zoom":
        return max(there, 0.0)
    if way.name == "zoom-out":
        return 1 + (1 - there) / 2
    if way.name == "pop":
        return max(read_easing("back-out")(min(max(there, 0.0), 1.0)), 0.0)
    return 1.0
