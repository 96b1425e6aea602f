"""Drawings for the examples, as SVG: their parts, landscapes, a town, dots."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

Palette = Sequence[str]

SUNSET: Palette = ("#2b1b54", "#ff8c69", "#ffd08a", "#8a3f6b", "#5b2a5e", "#2e1a47")
MORNING: Palette = ("#7ec8e3", "#fef3d0", "#fff7d6", "#6fa58a", "#3f7f6b", "#235347")
NIGHT: Palette = ("#050b24", "#1f3a6e", "#f5f3d7", "#16305a", "#0f2244", "#091530")
DESERT: Palette = ("#f2a65a", "#ffe3b3", "#fff2d6", "#d9794a", "#b3532f", "#7a3420")
WINTER: Palette = ("#8fb3d9", "#eef5fb", "#ffffff", "#bcd0e3", "#8aa9c7", "#557a9e")
FOREST: Palette = ("#b7e4c7", "#f1faee", "#fff9d6", "#52b788", "#2d6a4f", "#1b4332")


def svg(width: int, height: int, *parts: str) -> str:
    """A drawing of that size."""
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def gradient(name: str, *colours: str, kind: str = "linear") -> str:
    """A gradient from top to bottom, or from the middle, for `fill="url(#name)"`."""
    last = max(1, len(colours) - 1)
    stops = "".join(
        f'<stop offset="{number / last}" stop-color="{colour[:7]}" stop-opacity="{_opacity(colour)}"/>'
        for number, colour in enumerate(colours)
    )
    way = 'x1="0" y1="0" x2="0" y2="1"' if kind == "linear" else ""
    return f'<defs><{kind}Gradient id="{name}" {way}>{stops}</{kind}Gradient></defs>'


def rect(x: float, y: float, width: float, height: float, fill: str, radius: float = 0) -> str:
    """A rectangle."""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" fill="{fill}"/>'


def circle(x: float, y: float, radius: float, fill: str, more: str = "") -> str:
    """A circle."""
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" {more}/>'


def path(data: str, fill: str, more: str = "") -> str:
    """Any outline."""
    return f'<path d="{data}" fill="{fill}" {more}/>'


def mix(one: str, other: str, share: float) -> str:
    """A color between two, with a share of the other."""
    pairs = ((int(one[n : n + 2], 16), int(other[n : n + 2], 16)) for n in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def sky(width: int, height: int, palette: Palette, sun: tuple[float, float] = (0.68, 0.36)) -> str:
    """A sky with its sun or moon (`sun`: shares of width and height), long clouds, and stars if it is dark."""
    x, y, radius = width * sun[0], height * sun[1], min(width, height) * 0.085
    glow = gradient("glow", palette[2], f"{palette[2]}00", kind="radial")
    return svg(
        width,
        height,
        gradient("sky", palette[0], mix(*palette[:2], 0.55), palette[1]),
        glow,
        rect(0, 0, width, height, "url(#sky)"),
        _stars(width, height) if palette is NIGHT else "",
        circle(x, y, radius * 4.2, "url(#glow)", 'opacity="0.5"'),
        circle(x, y, radius, palette[2]),
        _clouds(width, height, palette, round(sun[0] * 100)),
    )


def _stars(width: int, height: int) -> str:
    chance = random.Random(8)
    return "".join(
        circle(round(chance.uniform(0, width)), round(chance.uniform(0, height * 0.55)), chance.choice((1, 1, 1.6, 2.2)),
               "#ffffff", f'opacity="{chance.uniform(0.25, 0.9):.2f}"')
        for _ in range(110)
    )  # fmt: skip


def _clouds(width: int, height: int, palette: Palette, seed: int) -> str:
    chance = random.Random(seed)
    parts = []
    for _ in range(6):
        x, y, long = (
            chance.uniform(0, width),
            height * chance.uniform(0.14, 0.42),
            width * chance.uniform(0.09, 0.2),
        )
        opacity = 0.1 if palette is NIGHT else 0.34
        for up, share in ((0, 1.0), (-0.16, 0.55), (0.12, 0.7)):
            parts.append(
                f'<ellipse cx="{x + long * up:.0f}" cy="{y + long * up * 0.25:.0f}" rx="{long * share:.0f}" '
                f'ry="{long * share * 0.075:.1f}" fill="{mix(palette[2], "#ffffff", 0.4)}" opacity="{opacity}"/>'
            )
    return "".join(parts)


def ridge(
    width: int, height: int, top: float, rough: float, fill: str, seed: int, haze: str, *, trees: bool = False
) -> str:
    """A row of hills that starts again where it ends, below `top` (share of the height), lighter along its edge."""
    chance = random.Random(seed)
    waves = [(number, chance.uniform(0, math.tau), rough / number) for number in (1, 2, 3, 5, 8, 13)]

    def edge(x: float) -> float:
        return height * (
            top + sum(size * math.sin(math.tau * number * x / width + phase) for number, phase, size in waves)
        )

    points = [f"{x},{edge(x):.1f}" for x in range(0, width + 1, 4)]
    name = f"ridge-{seed}"
    outline = path(f"M0,{height} L{' '.join(points)} L{width},{height} Z", f"url(#{name})")
    light = gradient(name, mix(fill, haze, 0.3), fill, mix(fill, "#000000", 0.12))
    return light + (_pines(width, height, edge, fill, chance) if trees else "") + outline


def _pines(width: int, height: int, edge: Callable[[float], float], fill: str, chance: random.Random) -> str:
    """Pines along an edge, in groups."""
    data = []
    for _ in range(9):
        group = chance.uniform(0, width)
        for _ in range(chance.randrange(3, 9)):
            x, tall = (group + chance.gauss(0, width * 0.03)) % width, height * chance.uniform(0.05, 0.11)
            base = edge(x) + height * 0.012
            for shift in (-width, 0, width):
                for low, high, wide in ((0.0, 0.55, 0.2), (0.3, 0.8, 0.15), (0.6, 1.0, 0.1)):
                    left, right = x + shift - tall * wide, x + shift + tall * wide
                    data.append(f"M{left:.0f} {base - tall * low:.0f} L{x + shift:.1f} {base - tall * high:.0f} "
                                f"L{right:.0f} {base - tall * low:.0f} Z")  # fmt: skip
    return path(" ".join(data), mix(fill, "#000000", 0.08))


def ridges(width: int, height: int, palette: Palette, seed: int) -> list[str]:
    """Mountains and two rows of hills, the nearest with trees and last; each a drawing of its own."""
    haze = palette[1]
    far = ridge(width, height, 0.5, 0.075, mix(palette[3], haze, 0.5), seed + 7, haze)
    middle = ridge(width, height, 0.61, 0.05, palette[3], seed, haze)
    rows = [
        far + middle,
        ridge(width, height, 0.73, 0.05, palette[4], seed + 1, haze),
        ridge(width, height, 0.86, 0.035, palette[5], seed + 2, palette[4], trees=True),
    ]
    return [svg(width, height, row) for row in rows]


def landscape(width: int, height: int, palette: Palette, seed: int) -> str:
    """Sky and hills in one drawing."""
    sun = (0.24 + seed * 0.37 % 0.54, 0.26 + seed * 0.23 % 0.12)
    inner = [body(sky(width, height, palette, sun)), *(body(one) for one in ridges(width, height, palette, seed))]
    return svg(width, height, *inner)


def skyline(width: int, height: int, wall: str, window: str, top: float, seed: int) -> str:
    """Houses with lit windows; starts again where it ends."""
    chance = random.Random(seed)
    parts: list[str] = []
    x = 0
    while x < width:
        wide = min(chance.randrange(70, 130), width - x)
        y = round(height * (top + chance.uniform(0, 0.22)))
        parts.append(rect(x, y, wide + 1, height - y, wall))
        for row in range(y + 14, height - 10, 26):
            columns = [column for column in range(x + 12, x + wide - 16, 22) if chance.random() < 0.42]
            parts += [rect(column, row, 10, 14, window) for column in columns]
        x += wide
    return svg(width, height, *parts)


def dots(width: int, height: int, colours: Palette, seed: int) -> str:
    """Soft dots that start again where they end, on nothing."""
    chance = random.Random(seed)
    parts = []
    for _ in range(26):
        x, y = chance.uniform(0, width), chance.uniform(0, height)
        radius, fill = chance.uniform(20, 90), chance.choice(list(colours))
        parts += [
            circle(x + shift, y + up, radius, fill, 'opacity="0.35"')
            for shift in (-width, 0, width)
            for up in (-height, 0, height)
        ]
    return svg(width, height, *parts)


def body(drawing: str) -> str:
    """What stands in a drawing, to be put into another."""
    return drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]


def _opacity(colour: str) -> float:
    return int(colour[7:9], 16) / 255 if len(colour) == 9 else 1.0
