"""Draws people, as SVG."""

from __future__ import annotations

from pictures import circle, mix, path, rect, svg


def person(skin: str, hair: str, shirt: str, *, open_mouth: bool = False, back: str = "none") -> str:
    """Head and shoulders; transparent around them unless there is a `back`."""
    mouth = (
        '<ellipse cx="360" cy="396" rx="26" ry="20" fill="#7a2e2e"/><ellipse cx="360" cy="406" rx="16" ry="8" fill="#e07a7a"/>'
        if open_mouth
        else path(
            "M322 384 Q360 424 398 384 Q360 396 322 384 Z",
            "#ffffff",
            'stroke="#9c4a44" stroke-width="6" stroke-linejoin="round"',
        )
    )
    shade, blush = mix(skin, "#8a4b2e", 0.28), mix(skin, "#e0564a", 0.35)
    eyes = "".join(circle(x, 306, 13, "#2b2b2b") + circle(x + 4, 301, 4, "#ffffff") for x in (308, 412))
    return svg(
        720,
        720,
        rect(0, 0, 720, 720, back),
        path("M186 330 C170 110 300 84 366 88 C440 84 552 120 534 330 C530 420 520 452 500 470 L220 470 C196 440 188 400 186 330 Z", hair),
        path("M90 720 Q96 556 250 534 L470 534 Q624 556 630 720 Z", shirt),
        path("M90 720 Q96 556 250 534 L280 530 Q190 600 186 720 Z", mix(shirt, "#000000", 0.15)),
        rect(306, 410, 108, 150, skin, 44),
        path("M306 446 Q360 500 414 446 V470 Q360 528 306 470 Z", shade),
        path("M290 536 L360 622 L430 536 L412 516 L360 570 L308 516 Z", "#ffffff"),
        f'<ellipse cx="222" cy="322" rx="24" ry="34" fill="{shade}"/><ellipse cx="498" cy="322" rx="24" ry="34" fill="{shade}"/>',
        f'<ellipse cx="360" cy="312" rx="136" ry="158" fill="{skin}"/>',
        f'<ellipse cx="282" cy="352" rx="26" ry="16" fill="{blush}" opacity="0.5"/>',
        f'<ellipse cx="438" cy="352" rx="26" ry="16" fill="{blush}" opacity="0.5"/>',
        path("M214 300 C200 190 260 120 366 124 C470 120 520 190 506 300 C492 262 478 240 452 218 C400 246 320 250 262 226 C240 246 226 266 214 300 Z", hair),
        path("M262 226 C330 214 400 190 430 150", "none", f'stroke="{mix(hair, "#ffffff", 0.16)}" stroke-width="8" stroke-linecap="round"'),
        eyes,
        path("M284 272 Q308 256 332 270 M388 270 Q412 256 436 272", "none",
             f'stroke="{hair}" stroke-width="10" stroke-linecap="round"'),
        path("M356 316 Q346 346 360 352", "none", f'stroke="{shade}" stroke-width="7" stroke-linecap="round"'),
        mouth,
    )  # fmt: skip
