"""Draws rooms, as SVG."""

from __future__ import annotations

from pictures import FOREST, body, circle, gradient, mix, path, rect, ridges, svg


def room(wall: str, floor: str, sofa: str, accent: str) -> str:
    """A living room in the afternoon."""
    shade = mix(sofa, "#000000", 0.18)
    frame = 'stroke="#ffffff" stroke-width="14"'
    hills = body(ridges(1280, 720, FOREST, 4)[0]) + body(ridges(1280, 720, FOREST, 4)[1])
    planks = "".join(rect(0, y, 1280, 2, mix(floor, "#000000", 0.16)) for y in (560, 590, 630, 680))
    return svg(
        1280,
        720,
        gradient("wall", mix(wall, "#ffffff", 0.35), wall),
        gradient("floor", mix(floor, "#000000", 0.12), mix(floor, "#ffffff", 0.1)),
        gradient("view", "#8fd3f4", "#fdf6e3"),
        gradient("ray", "#ffffff66", "#ffffff00"),
        '<defs><clipPath id="pane"><rect x="96" y="70" width="440" height="330"/></clipPath></defs>',
        rect(0, 0, 1280, 540, "url(#wall)"),
        rect(0, 540, 1280, 180, "url(#floor)") + planks + rect(0, 526, 1280, 16, mix(wall, "#ffffff", 0.7)),
        rect(96, 70, 440, 330, "url(#view)"),
        f'<g clip-path="url(#pane)"><g transform="translate(-60 -60) scale(0.6)">{hills}</g></g>',
        path("M96 70 H536 V400 H96 Z M316 70 V400 M96 210 H536", "none", frame),
        rect(72, 400, 488, 18, "#ffffff", 4),
        path("M120 540 L560 540 L760 720 L260 720 Z", "url(#ray)"),
        path("M60 40 H150 Q126 240 84 470 H60 Z M572 40 H482 Q506 240 548 470 H572 Z", mix(accent, "#ffffff", 0.55)),
        rect(40, 34, 552, 10, "#4a4038", 5),
        _frames(accent, sofa),
        path("M930 0 V120", "none", 'stroke="#3b3b3b" stroke-width="4"'),
        path("M866 176 Q880 116 930 116 Q980 116 994 176 Z", "#3f3a36"),
        '<ellipse cx="930" cy="176" rx="64" ry="10" fill="#fff1c9"/>',
        f'<ellipse cx="760" cy="668" rx="520" ry="44" fill="{mix(accent, "#ffffff", 0.35)}"/>',
        '<ellipse cx="760" cy="668" rx="470" ry="36" fill="none" stroke="#ffffff80" stroke-width="4"/>',
        '<ellipse cx="790" cy="636" rx="370" ry="20" fill="#00000030"/>',
        rect(470, 604, 18, 34, "#5b4636") + rect(1092, 604, 18, 34, "#5b4636"),
        rect(450, 350, 680, 200, sofa, 40),
        rect(470, 470, 640, 110, mix(sofa, "#ffffff", 0.1), 22),
        path("M790 372 V580", "none", f'stroke="{shade}" stroke-width="4"'),
        rect(450, 556, 680, 54, shade, 18),
        rect(410, 440, 82, 170, sofa, 34) + rect(1088, 440, 82, 170, sofa, 34),
        f'<g transform="rotate(-8 560 440)">{rect(510, 396, 108, 96, accent, 18)}</g>',
        f'<g transform="rotate(10 1010 440)">{rect(958, 398, 104, 92, "#fffaf0", 18)}</g>',
        rect(894, 404, 100, 90, mix(accent, "#ffffff", 0.4), 18),
        rect(640, 640, 300, 16, "#6d4c35", 8) + rect(672, 656, 12, 50, "#5b4636") + rect(896, 656, 12, 50, "#5b4636"),
        rect(700, 626, 96, 14, "#fffaf0", 3) + rect(708, 614, 84, 12, accent, 3) + rect(850, 600, 40, 40, "#fffaf0", 10),
        _plant(),
    )  # fmt: skip


def _frames(accent: str, sofa: str) -> str:
    """Three pictures on a wall."""
    art = (
        circle(705, 235, 40, accent) + path("M660 290 Q705 230 750 290 Z", sofa),
        path("M1048 270 L1090 190 L1132 270 Z", sofa) + circle(1120, 178, 14, accent),
    )
    first = rect(640, 140, 130, 176, "#4a4038", 4) + rect(648, 148, 114, 160, "#fffaf0") + art[0]
    return first + rect(1022, 140, 136, 150, "#4a4038", 4) + rect(1030, 148, 120, 134, "#fffaf0") + art[1]


def _plant() -> str:
    leaves = "".join(
        path("M0 0 C-46 -70 -34 -150 0 -210 C34 -150 46 -70 0 0 Z", fill, f'transform="translate(1222 560) rotate({turn}) scale({size})"')
        for turn, size, fill in (
            (-58, 0.8, "#2d6a4f"), (58, 0.8, "#2d6a4f"), (-30, 1.0, "#40916c"), (30, 1.0, "#40916c"), (0, 1.15, "#52b788"),
        )
    )  # fmt: skip
    return leaves + path("M1170 556 H1274 L1260 676 H1184 Z", "#e07a5f") + rect(1164, 548, 116, 24, "#c8664c", 6)
