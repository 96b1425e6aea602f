"""Transitions that move, scale or fade a single element."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.composition.easings import parse_easing
from ffmpeg_worker.raster.transform import Transform, bounds, compose, rotate, translate
from ffmpeg_worker.scene.scene import Transition

_SLIDES = {"slide-left": (-1, 0), "slide-right": (1, 0), "slide-up": (0, -1), "slide-down": (0, 1)}


@dataclass(frozen=True, slots=True)
class TransitionProgress:
    """A transition at one frame: `progress` is 0 to 1, eased; easings may overshoot."""

    name: str
    progress: float
    is_leaving: bool

    @property
    def presence(self) -> float:
        """How much of the element is there: rises from 0 to 1 as it enters, and falls as it leaves."""
        return 1 - self.progress if self.is_leaving else self.progress


def transition_progress(transition: Transition, frame: int, *, is_leaving: bool) -> TransitionProgress:
    """Return the progress of a transition at a frame counted from its first."""
    progress = parse_easing(transition.easing).function(frame / transition.frames)
    return TransitionProgress(transition.name, progress, is_leaving)


def transition_opacity(at: TransitionProgress) -> float:
    """Return the factor of the element's opacity."""
    if at.name in {"fade", "zoom-out"}:
        return min(max(at.presence, 0.0), 1.0)
    if at.name in {"zoom-in", "pop"}:
        return min(max(at.presence * 3, 0.0), 1.0)
    return 1.0


def move_in_transition(
    transform: Transform, at: TransitionProgress, box: tuple[float, float], surface: tuple[int, int]
) -> Transform:
    """Return the transform of an element within a transition.

    Args:
        transform: places the element's box on the surface without the transition.
        at: the transition and its progress.
        box: width and height of the element's box.
        surface: width and height of the surface.
    """
    left, top, right, bottom = bounds(transform, *box)
    if at.name in _SLIDES:
        x, y = _SLIDES[at.name]
        if at.is_leaving:
            x, y = -x, -y
        # Slides start or end where the element is just outside of the surface.
        distance_x = right if x > 0 else surface[0] - left
        distance_y = bottom if y > 0 else surface[1] - top
        absence = 1 - at.presence
        return compose(transform, translate(-x * distance_x * absence, -y * distance_y * absence))
    center = ((left + right) / 2, (top + bottom) / 2)
    return compose(transform, rotate(center, 0.0, _scale(at)))


def _scale(at: TransitionProgress) -> float:
    presence = at.presence
    if at.name == "zoom-in":
        return max(presence, 0.0)
    if at.name == "zoom-out":
        return 1 + (1 - presence) / 2
    if at.name == "pop":
        return max(parse_easing("back-out").function(min(max(presence, 0.0), 1.0)), 0.0)
    return 1.0
