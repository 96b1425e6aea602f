"""2-D affine transforms."""

from __future__ import annotations

import math

Transform = tuple[float, float, float, float, float, float]
"""`a b c d e f`: maps the point (x, y) to (a·x + b·y + c, d·x + e·y + f). Integers are the edges of pixels."""

IDENTITY: Transform = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def is_translation(transform: Transform) -> bool:
    """Whether a transform neither scales nor rotates."""
    a, b, _, d, e, _ = transform
    return abs(a - 1) + abs(b) + abs(d) + abs(e - 1) < 1e-5


def translate(x: float, y: float) -> Transform:
    """Move by `x` and `y` pixels."""
    return (1.0, 0.0, x, 0.0, 1.0, y)


def scale_by(x: float, y: float) -> Transform:
    """Scale about the origin."""
    return (x, 0.0, 0.0, 0.0, y, 0.0)


def rotate(center: tuple[float, float], degrees: float, scale: float = 1.0) -> Transform:
    """Rotate clockwise about a point, and scale about it."""
    cos, sin = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale
    x, y = center
    return (cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y)


def compose(first: Transform, second: Transform) -> Transform:
    """Apply `first`, then `second`."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return (g * a + h * d, g * b + h * e, g * c + h * f + i, j * a + k * d, j * b + k * e, j * c + k * f + m)


def invert(transform: Transform) -> Transform | None:
    """Return the inverse; `None` if the transform maps the plane onto a line or a point."""
    a, b, c, d, e, f = transform
    determinant = a * e - b * d
    if abs(determinant) < 1e-9:
        return None
    return (
        e / determinant,
        -b / determinant,
        (b * f - e * c) / determinant,
        -d / determinant,
        a / determinant,
        (d * c - a * f) / determinant,
    )


def bounds(transform: Transform, width: float, height: float) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a transformed box whose top left is the origin."""
    a, b, c, d, e, f = transform
    xs = [a * x + b * y + c for x in (0, width) for y in (0, height)]
    ys = [d * x + e * y + f for x in (0, width) for y in (0, height)]
    return min(xs), min(ys), max(xs), max(ys)
