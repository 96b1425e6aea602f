"""Where and how a picture lies on a surface."""

from __future__ import annotations

import math
from dataclasses import dataclass

Matrix = tuple[float, float, float, float, float, float]
"""`a b c d e f`: a point x, y comes to a·x + b·y + c, d·x + e·y + f; whole numbers are edges of pixels."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Place:
    """From the picture's pixels to the surface's; how strong (0 to 1), and blended with what is below how."""

    matrix: Matrix = IDENTITY
    opacity: float = 1.0
    blend: str = "normal"

    @property
    def is_shift(self) -> bool:
        """Whether the picture is neither scaled nor turned."""
        a, b, _, d, e, _ = self.matrix
        return abs(a - 1) + abs(b) + abs(d) + abs(e - 1) < 1e-5


def at(x: float, y: float) -> Matrix:
    """Its top left there."""
    return (1.0, 0.0, x, 0.0, 1.0, y)


def scaled(x: float, y: float) -> Matrix:
    """Larger, from the top left."""
    return (x, 0.0, 0.0, 0.0, y, 0.0)


def turned(scale: float, degrees: float, middle: tuple[float, float]) -> Matrix:
    """Larger, and turned clockwise, about a point."""
    cos, sin = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale
    x, y = middle
    return (cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y)


def then(first: Matrix, second: Matrix) -> Matrix:
    """One after the other."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return (g * a + h * d, g * b + h * e, g * c + h * f + i, j * a + k * d, j * b + k * e, j * c + k * f + m)


def inverse(matrix: Matrix) -> Matrix | None:
    """The way back; `None` if everything comes to lie on one line."""
    a, b, c, d, e, f = matrix
    area = a * e - b * d
    if abs(area) < 1e-9:
        return None
    return (e / area, -b / area, (b * f - e * c) / area, -d / area, a / area, (d * c - a * f) / area)


def bounds(matrix: Matrix, width: float, height: float) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of where a box from 0, 0 comes to lie."""
    a, b, c, d, e, f = matrix
    xs = [a * x + b * y + c for x in (0, width) for y in (0, height)]
    ys = [d * x + e * y + f for x in (0, width) for y in (0, height)]
    return min(xs), min(ys), max(xs), max(ys)
