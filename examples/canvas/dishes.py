"""Draws dishes seen from above, as SVG."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from pictures import circle, gradient, mix, path, rect, svg


def plate(table: str, food: Sequence[str], seed: int) -> str:
    """A dish on a table, seen from above: leaves, slices and beans in three colors, with a fork and a cloth."""
    chance = random.Random(seed)
    dark = mix(table, "#000000", 0.25)
    parts = [
        gradient("table", mix(table, "#ffffff", 0.12), mix(table, "#000000", 0.12)),
        rect(0, 0, 1080, 1080, "url(#table)"),
    ]
    parts += [rect(0, y, 1080, 3, dark) for y in range(120, 1080, 180)]
    parts.append(_cloth(food[2]))
    parts += [
        circle(556, 566, 416, "#00000030"),
        gradient("rim", "#ffffff", "#f4f1ea", "#e2ddd2", kind="radial"),
        circle(540, 540, 400, "url(#rim)"),
        circle(540, 540, 308, "#00000012"),
        circle(540, 544, 296, mix(food[1], "#fff7e8", 0.55)),
    ]
    for number in range(64):
        angle, far = chance.uniform(0, math.tau), 236 * math.sqrt(chance.random())
        x, y, turn = 540 + far * math.cos(angle), 540 + far * math.sin(angle), chance.uniform(0, 360)
        kind = (_leaf, _slice, _bean)[number % 3]
        parts.append(f'<g transform="translate({x:.0f} {y:.0f}) rotate({turn:.0f})">{kind(food)}</g>')
    parts.append(_fork(mix(table, "#ffffff", 0.75)))
    return svg(1080, 1080, *parts)


def _cloth(color: str) -> str:
    stripes = "".join(rect(0, y, 420, 16, "#ffffff90") for y in range(30, 700, 64))
    return f'<g transform="translate(-120 520) rotate(-14)">{rect(0, 0, 420, 760, mix(color, "#ffffff", 0.25))}{stripes}</g>'


def _fork(color: str) -> str:
    tines = "".join(rect(x, 180, 11, 190, color, 5) for x in (962, 986, 1010, 1034))
    return tines + path(
        "M962 340 H1045 Q1045 430 1012 440 L1016 860 Q1004 884 992 860 L996 440 Q962 430 962 340 Z", color
    )


def _leaf(food: Sequence[str]) -> str:
    green = food[2]
    outline = path("M0 -78 C52 -40 52 34 0 78 C-52 34 -52 -40 0 -78 Z", green)
    veins = "M0 -66 V66 M0 -30 L24 -48 M0 -30 L-24 -48 M0 4 L30 -16 M0 4 L-30 -16 M0 36 L24 18 M0 36 L-24 18"
    return (
        path("M4 -72 C56 -34 56 40 4 84 C-48 40 -48 -34 4 -72 Z", "#00000026")
        + outline
        + path(veins, "none", f'stroke="{mix(green, "#ffffff", 0.4)}" stroke-width="4"')
    )


def _slice(food: Sequence[str]) -> str:
    red = food[0]
    seeds = "".join(
        f'<ellipse cx="0" cy="-30" rx="11" ry="17" fill="{mix(red, "#ffe9b0", 0.6)}" transform="rotate({turn})"/>'
        for turn in range(0, 360, 60)
    )
    return (
        circle(5, 7, 62, "#00000026") + circle(0, 0, 62, red) + circle(0, 0, 53, mix(red, "#ffffff", 0.22)) + seeds
    )


def _bean(food: Sequence[str]) -> str:
    yellow = food[1]
    bean = "M-44 0 C-44 -34 -10 -34 4 -26 C18 -18 44 -30 44 2 C44 32 10 36 -8 32 C-30 28 -44 24 -44 0 Z"
    return (
        path(bean, "#00000026", 'transform="translate(4 7)"')
        + path(bean, yellow)
        + path(
            "M-30 -8 C-24 -22 -10 -22 0 -16",
            "none",
            f'stroke="{mix(yellow, "#ffffff", 0.6)}" stroke-width="7" stroke-linecap="round"',
        )
    )
