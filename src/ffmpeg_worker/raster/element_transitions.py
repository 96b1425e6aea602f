"""Transitions that move, scale or fade a single element."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ffmpeg_worker.composition.easings import parse_easing
from ffmpeg_worker.raster.transform import Transform, bounds, compose, rotate, translate
from ffmpeg_worker.scene.scene import Transition

_ease_pop = parse_easing("back-out").function


@dataclass(frozen=True, slots=True)
class ElementEffect:
    """Draws an element whose presence rises from 0 to 1.

    The opacity is `fade` times the presence, or full for 0. `scale` returns the size at a presence. `slide` is
    the direction of motion, horizontally and vertically.
    """

    fade: float = 0.0
    scale: Callable[[float], float] = lambda _: 1.0
    slide: tuple[int, int] | None = None


EFFECTS = {
    "fade": ElementEffect(fade=1),
    "slide-left": ElementEffect(slide=(-1, 0)),
    "slide-right": ElementEffect(slide=(1, 0)),
    "slide-up": ElementEffect(slide=(0, -1)),
    "slide-down": ElementEffect(slide=(0, 1)),
    "zoom-in": ElementEffect(fade=3, scale=lambda presence: max(presence, 0.0)),
    "zoom-out": ElementEffect(fade=1, scale=lambda presence: 1 + (1 - presence) / 2),
    "pop": ElementEffect(fade=3, scale=lambda presence: max(_ease_pop(_clamp(presence)), 0.0)),
}
"""The transitions that the table of `composition/transitions.py` calls drawn by the element, by name."""


@dataclass(frozen=True, slots=True)
class TransitionProgress:
    """A transition at one frame: `progress` is 0 to 1, eased; easings may overshoot."""

    name: str
    progress: float
    is_leaving: bool

    @property
    def presence(self) -> float:
        """The presence of the element: rises from 0 to 1 as it enters, and falls as it leaves."""
        return 1 - self.progress if self.is_leaving else self.progress


def transition_progress(transition: Transition, frame: int, *, is_leaving: bool) -> TransitionProgress:
    """Return the progress of a transition at a frame counted from its first."""
    progress = parse_easing(transition.easing).function(frame / transition.frames)
    return TransitionProgress(transition.name, progress, is_leaving)


def transition_opacity(at: TransitionProgress) -> float:
    """Return the factor of the element's opacity."""
    effect = EFFECTS.get(at.name)
    return _clamp(at.presence * effect.fade) if effect and effect.fade else 1.0


def move_in_transition(
    transform: Transform, at: TransitionProgress, box: tuple[float, float], surface: tuple[int, int]
) -> Transform:
    """Return the transform of an element within one of the transitions of `EFFECTS`.

    `transform` places the element's `box` (width and height) on the `surface` without the transition.
    """
    effect = EFFECTS[at.name]
    left, top, right, bottom = bounds(transform, *box)
    if effect.slide is None:
        center = ((left + right) / 2, (top + bottom) / 2)
        return compose(transform, rotate(center, 0.0, effect.scale(at.presence)))
    x, y = effect.slide
    if at.is_leaving:
        x, y = -x, -y
    # Slides start or end where the element is just outside of the surface.
    distance_x = right if x > 0 else surface[0] - left
    distance_y = bottom if y > 0 else surface[1] - top
    absence = 1 - at.presence
    return compose(transform, translate(-x * distance_x * absence, -y * distance_y * absence))


def _clamp(share: float) -> float:
    return min(max(share, 0.0), 1.0)
