"""Draws a thing to sell, a car, a logo and a star, as SVG."""

from __future__ import annotations

import math

from pictures import circle, gradient, path, rect, svg


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
    wheels = "".join(
        circle(x, 210, 56, "#2a0d12")
        + circle(x, 212, 46, "#15151c")
        + circle(x, 212, 26, "#c9ccd6")
        + "".join(
            rect(x - 3, 190, 6, 44, "#7d8291", 3).replace("/>", f' transform="rotate({turn} {x} 212)"/>')
            for turn in (0, 60, 120)
        )
        + circle(x, 212, 8, "#4a4e5c")
        for x in (130, 410)
    )
    paint = gradient("paint", "#ff6b5e", "#f03e3e", "#b91c2c")
    return svg(
        540,
        270,
        paint,
        path("M22 204 Q14 134 106 124 L166 62 Q182 44 210 44 L338 44 Q362 44 380 62 L432 122 Q526 128 522 204 Q520 214 508 214 L36 214 Q24 214 22 204 Z",
             "url(#paint)"),
        path("M188 74 L150 122 L262 122 L262 66 L206 66 Q196 66 188 74 Z M280 66 L280 122 L404 122 L362 74 Q354 66 342 66 Z",
             "#cdeaff"),
        path("M206 66 L168 122 H196 L234 66 Z M300 66 L280 96 V122 L318 66 Z", "#ffffff", 'opacity="0.5"'),
        path("M271 124 V204 M150 124 Q146 168 152 204", "none", 'stroke="#8f1523" stroke-width="3"'),
        rect(284, 138, 34, 8, "#ffffffb0", 4) + rect(22, 150, 22, 20, "#ffb4a2", 6) + rect(492, 146, 28, 20, "#fff3b0", 8),
        rect(14, 190, 512, 14, "#00000030", 7),
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
