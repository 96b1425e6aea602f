"""Drawings for the examples, as SVG: landscapes, a town, rooms, plates, people, things."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

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


def sky(width: int, height: int, palette: Palette) -> str:
    """A sky with its sun or moon."""
    x, y, radius = width * 0.68, height * 0.36, min(width, height) * 0.1
    glow = gradient("glow", palette[2], f"{palette[2]}00", kind="radial")
    return svg(
        width,
        height,
        gradient("sky", palette[0], palette[1]),
        glow,
        rect(0, 0, width, height, "url(#sky)"),
        circle(x, y, radius * 3.2, "url(#glow)", 'opacity="0.55"'),
        circle(x, y, radius, palette[2]),
    )


def ridge(width: int, height: int, top: float, rough: float, fill: str, seed: int) -> str:
    """A row of hills that starts again where it ends, below `top` (share of the height)."""
    chance = random.Random(seed)
    waves = [(number, chance.uniform(0, math.tau), rough / number) for number in (1, 2, 3, 5, 8, 13)]
    points = []
    for x in range(0, width + 1, 4):
        y = sum(size * math.sin(math.tau * number * x / width + phase) for number, phase, size in waves)
        points.append(f"{x},{height * (top + y):.1f}")
    return path(f"M0,{height} L{' '.join(points)} L{width},{height} Z", fill)


def ridges(width: int, height: int, palette: Palette, seed: int) -> list[str]:
    """Three rows of hills, the nearest last; each a drawing of its own."""
    rows = ((0.58, 0.07, palette[3]), (0.7, 0.06, palette[4]), (0.84, 0.045, palette[5]))
    return [svg(width, height, ridge(width, height, *row, seed + n)) for n, row in enumerate(rows)]


def landscape(width: int, height: int, palette: Palette, seed: int) -> str:
    """Sky and hills in one drawing."""
    inner = [body(sky(width, height, palette)), *(body(one) for one in ridges(width, height, palette, seed))]
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


def room(wall: str, floor: str, sofa: str, accent: str) -> str:
    """A living room."""
    return svg(
        1280,
        720,
        gradient("view", "#8fd3f4", "#fdfbfb"),
        gradient("wall", wall, f"{wall}dd"),
        rect(0, 0, 1280, 720, "#ffffff"),
        rect(0, 0, 1280, 540, "url(#wall)"),
        rect(0, 540, 1280, 180, floor),
        rect(120, 90, 380, 300, "#ffffff", 6),
        rect(134, 104, 168, 272, "url(#view)"),
        rect(318, 104, 168, 272, "url(#view)"),
        path("M134 376 Q200 300 302 340 L302 376 Z M318 376 Q400 290 486 350 L486 376 Z", "#6fa58a"),
        rect(640, 150, 150, 190, "#ffffff", 4) + rect(652, 162, 126, 166, accent),
        circle(715, 245, 36, "#ffffffcc"),
        f'<ellipse cx="690" cy="632" rx="420" ry="46" fill="{accent}" opacity="0.35"/>',
        rect(420, 380, 520, 130, sofa, 36) + rect(390, 440, 60, 140, sofa, 26) + rect(910, 440, 60, 140, sofa, 26),
        rect(430, 470, 240, 90, f"{sofa}", 20) + rect(690, 470, 240, 90, sofa, 20),
        path("M680 470 V560", "none", 'stroke="#00000030" stroke-width="4"'),
        rect(470, 400, 96, 84, accent, 16) + rect(800, 404, 90, 80, "#ffffffcc", 16),
        rect(1076, 300, 8, 270, "#3b3b3b") + path("M1030 300 L1130 300 L1108 220 L1052 220 Z", "#fff1c9"),
        rect(1040, 566, 80, 12, "#3b3b3b", 6),
        path("M250 560 Q210 470 170 450 M250 560 Q250 460 262 420 M250 560 Q300 480 330 460", "none",
             'stroke="#2d6a4f" stroke-width="18" stroke-linecap="round"'),
        rect(214, 550, 72, 70, "#c97b4a", 10),
    )  # fmt: skip


def plate(table: str, food: Sequence[str], seed: int) -> str:
    """A dish, seen from above."""
    chance = random.Random(seed)
    parts = [rect(0, 0, 1080, 1080, table)]
    parts += [rect(0, y, 1080, 3, "#00000012") for y in range(90, 1080, 120)]
    parts += [
        circle(552, 556, 404, "#00000025"),
        circle(540, 540, 400, "#fdfdfb"),
        circle(540, 540, 310, "#eeeeea"),
    ]
    for number in range(46):
        angle, far = chance.uniform(0, math.tau), 250 * math.sqrt(chance.random())
        size = chance.uniform(34, 72)
        x, y = 540 + far * math.cos(angle), 540 + far * math.sin(angle)
        colour = food[number % len(food)]
        parts += [circle(x + 4, y + 6, size, "#00000020"), circle(x, y, size, colour)]
        parts.append(circle(x - size * 0.3, y - size * 0.3, size * 0.22, "#ffffff50"))
    return svg(1080, 1080, *parts)


def person(skin: str, hair: str, shirt: str, *, open_mouth: bool = False, back: str = "none") -> str:
    """Head and shoulders; transparent around them unless there is a `back`."""
    mouth = (
        '<ellipse cx="360" cy="392" rx="24" ry="18" fill="#7a2e2e"/>'
        if open_mouth
        else path("M332 388 Q360 412 388 388", "none", 'stroke="#7a2e2e" stroke-width="8" stroke-linecap="round"')
    )
    return svg(
        720,
        720,
        rect(0, 0, 720, 720, back),
        path("M90 720 Q100 520 360 510 Q620 520 630 720 Z", shirt),
        rect(310, 420, 100, 130, skin, 40),
        path("M300 530 L360 600 L420 530 L400 515 L360 550 L320 515 Z", "#ffffff"),
        circle(360, 270, 172, hair),
        f'<ellipse cx="360" cy="315" rx="138" ry="160" fill="{skin}"/>',
        path("M222 290 Q250 160 372 186 Q470 180 498 290 Q460 222 372 232 Q270 232 222 290 Z", hair),
        circle(308, 306, 13, "#2b2b2b") + circle(412, 306, 13, "#2b2b2b"),
        path("M286 272 Q308 258 330 270 M390 270 Q412 258 434 272", "none",
             f'stroke="{hair}" stroke-width="9" stroke-linecap="round"'),
        mouth,
    )  # fmt: skip


def headphones() -> str:
    """A thing to sell, on nothing."""
    return svg(
        900,
        900,
        gradient("cup", "#3a3f58", "#14162a"),
        gradient("band", "#565d80", "#1d2036"),
        path("M190 560 Q180 150 450 150 Q720 150 710 560", "none",
             'stroke="url(#band)" stroke-width="58" stroke-linecap="round"'),
        path("M240 520 Q240 212 450 208", "none", 'stroke="#ffffff40" stroke-width="10" stroke-linecap="round"'),
        rect(120, 480, 150, 270, "url(#cup)", 66) + rect(630, 480, 150, 270, "url(#cup)", 66),
        rect(246, 505, 54, 220, "#0b0c16", 26) + rect(600, 505, 54, 220, "#0b0c16", 26),
        circle(190, 615, 34, "#ff7a59") + circle(710, 615, 34, "#ff7a59"),
    )  # fmt: skip


def car() -> str:
    """A car from its side, on nothing."""
    wheels = "".join(circle(x, 210, 46, "#15151c") + circle(x, 210, 22, "#c9ccd6") for x in (130, 410))
    return svg(
        540,
        270,
        path("M30 200 Q26 130 110 124 L170 62 Q182 50 204 50 L344 50 Q364 50 380 66 L430 124 Q516 128 514 200 Z",
             "#ff4d4d"),
        path("M186 76 L150 122 L262 122 L262 72 L200 72 Z M282 72 L282 122 L404 122 L362 78 Q356 72 346 72 Z",
             "#cdeaff"),
        rect(490, 150, 26, 18, "#fff3b0", 6),
        wheels,
    )  # fmt: skip


def logo() -> str:
    """A mark of three leaves."""
    leaf = "M128 128 C96 96 96 48 128 20 C160 48 160 96 128 128 Z"
    turns = ((0, "#34d399"), (120, "#22d3ee"), (240, "#a78bfa"))
    leaves = "".join(path(leaf, fill, f'transform="rotate({turn} 128 128)"') for turn, fill in turns)
    return svg(256, 256, leaves, circle(128, 128, 16, "#ffffff"))


def spark(turn: float) -> str:
    """One picture of a star that turns."""
    points = []
    for number in range(16):
        far, angle = (116 if number % 2 == 0 else 62), math.radians(number * 22.5 + turn)
        points.append(f"{128 + far * math.cos(angle):.1f},{128 + far * math.sin(angle):.1f}")
    return svg(256, 256, path(f"M{' L'.join(points)} Z", "#ffd400"), circle(128, 128, 34, "#ff7a59"))


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
