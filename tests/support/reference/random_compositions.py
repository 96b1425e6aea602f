"""Random compositions that the reference renderer can read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]

SECONDS = 2.0
SIZES = [(128, 96), (96, 128), (160, 90)]
FPS = [10, 12.5, 24, 30]
EASINGS = [
    *"linear hold ease ease-in ease-out ease-in-out quad-in quad-out cubic-in-out quart-out quint-in".split(),
    *("sine-in-out", "expo-out", "circ-in", "back-out", "steps(3)", "cubic-bezier(0.7, 0, 0.2, 1.4)"),
]
ANCHORS = "top-left top top-right left center right bottom-left bottom bottom-right".split()
SLIDES = ["slide-left", "slide-right", "slide-up", "slide-down"]
_COLOR = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
_SHADE = st.tuples(_COLOR, st.sampled_from(["", "80", "c0"])).map("".join)
_PERCENT = st.integers(10, 90).map(lambda number: f"{number}%")


@dataclass(frozen=True)
class Room:
    """The parent of layers, in pixels; `is_whole`: all positions are whole pixels."""

    size: tuple[int, int]
    is_whole: bool


def moving(values: st.SearchStrategy[Any], seconds: float = SECONDS) -> st.SearchStrategy[list[Json]]:
    """Keyframes at tenths of a second."""
    times = st.lists(st.integers(0, round(seconds * 10)), min_size=2, max_size=4, unique=True).map(sorted)

    @st.composite
    def keys(draw: st.DrawFn) -> list[Json]:
        return [
            {"time": time / 10, "value": draw(values), "easing": draw(st.sampled_from(EASINGS))}
            for time in draw(times)
        ]

    return keys()


def _maybe(values: st.SearchStrategy[Any], moving: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, values, moving)


@st.composite
def _times(draw: st.DrawFn) -> Json:
    """Starts and durations of any number of milliseconds."""
    start = draw(st.sampled_from([0.0, 0.0, 0.3])) + draw(st.integers(0, 300)) / 1000
    length = draw(st.sampled_from(["end", "end", 0.7])) if start else "end"
    return {"start": start, "duration": length} if start else {"duration": length}


@st.composite
def _place(draw: st.DrawFn, room: Room) -> Json:
    """The position of a layer, constant or in keyframes."""
    found: Json = {}
    for axis, whole in zip("xy", room.size, strict=True):
        pixels = st.integers(-whole // 4, whole)
        if room.is_whole:
            found[axis] = draw(pixels)
        elif draw(st.booleans()):
            found[axis] = draw(_maybe(pixels | _PERCENT, moving(pixels)))
    if draw(st.integers(0, 2)) == 0:
        found["opacity"] = draw(_maybe(st.sampled_from([0.25, 0.5, 0.9]), moving(st.integers(0, 10).map(_tenths))))
    if draw(st.integers(0, 3)) == 0:
        found["z"] = draw(st.integers(-1, 1))
    if room.is_whole:
        return found
    if draw(st.booleans()):
        found["anchor"] = draw(st.sampled_from(ANCHORS))
    if draw(st.integers(0, 2)) == 0:
        found["scale"] = draw(_maybe(st.sampled_from([0.5, 0.8, 1.5]), moving(st.integers(4, 15).map(_tenths))))
    if draw(st.integers(0, 2)) == 0:
        turns = st.integers(-180, 360)
        found["rotation"] = draw(_maybe(turns, moving(turns)))
    return found


@st.composite
def _box(draw: st.DrawFn, room: Room) -> Json:
    """The size of a layer, constant or in keyframes."""
    found: Json = {}
    for side, whole in zip(("width", "height"), room.size, strict=True):
        pixels = st.integers(4, whole // 2).map(lambda half: 2 * half)
        found[side] = draw(pixels if room.is_whole else _maybe(pixels | _PERCENT, moving(pixels)))
    return found


@st.composite
def _ways(draw: st.DrawFn, room: Room) -> Json:
    """The transitions of a layer."""
    names = st.sampled_from(["fade"] if room.is_whole else ["fade", *SLIDES])
    found = {}
    for way in ("in", "out"):
        if draw(st.integers(0, 2)) == 0:
            seconds = draw(st.sampled_from([0.2, 0.3]))
            easing = draw(st.sampled_from(EASINGS[:7]))
            found[way] = {"type": draw(names), "duration": seconds, "easing": easing}
    return {"transition": found} if found else {}


@st.composite
def _shape(draw: st.DrawFn, room: Room) -> Json:
    shape = draw(st.sampled_from(["rect", "ellipse"]))
    found = {"type": "shape", "shape": shape, "fill": draw(_SHADE), **draw(_box(room)), **draw(_place(room))}
    if shape == "rect" and draw(st.booleans()):
        # What a share is of while the box grows is not laid down.
        is_growing = isinstance(found["width"], list) or isinstance(found["height"], list)
        found["radius"] = draw(st.sampled_from([4, 10] if is_growing else [4, 10, "25%"]))
    return found


@st.composite
def _crop(draw: st.DrawFn) -> Json:
    """A crop of an image, constant or in keyframes."""
    start = st.integers(0, 40).map(lambda number: f"{number}%")
    length = st.integers(45, 60).map(lambda number: f"{number}%")
    found: Json = {"x": draw(_maybe(start, moving(start))), "width": draw(length)}
    return found | draw(st.sampled_from([{}, {"y": draw(start), "height": draw(length)}]))


@st.composite
def _media(draw: st.DrawFn, room: Room) -> Json:
    kind = draw(st.sampled_from(["image", "video"]))
    names = {"image": ["wide.png", "tall.png", "clear.png"], "video": ["wide.mp4", "tall.mp4"]}
    found = {"type": kind, "src": draw(st.sampled_from(names[kind])), **draw(_place(room))}
    box = draw(_box(room))
    parts = [{}, {"width": box["width"]}, {"height": box["height"]}, box, box]
    found |= box if room.is_whole else draw(st.sampled_from(parts))
    if draw(st.booleans()):
        found["fit"] = draw(st.sampled_from(["cover", "fill"] if room.is_whole else ["cover", "contain", "fill"]))
    if found.get("fit", "cover") != "contain" and draw(st.integers(0, 2)) == 0:
        found["radius"] = draw(st.sampled_from([5, 12]))
    if not room.is_whole and draw(st.integers(0, 3)) == 0:
        found["crop"] = draw(_crop())
    if kind == "video":
        found |= draw(
            st.sampled_from([{}, {"loop": True}, {"speed": 1.5, "loop": True}, {"trim": {"start": 0.4}}])
        )
    return found


@st.composite
def _group(draw: st.DrawFn, room: Room) -> Json:
    own = draw(st.sampled_from([room.size, (room.size[0] // 2, room.size[1] // 2)]))
    inside = replace(room, size=own)
    inner = st.one_of(_shape(inside), _shape(inside), _media(inside)).flatmap(lambda layer: _timed(layer, room))
    found = {"type": "group", "layers": draw(st.lists(inner, min_size=1, max_size=3)), **draw(_place(room))}
    if own != room.size:
        found |= {"width": own[0], "height": own[1]}
    return found


@st.composite
def _timed(draw: st.DrawFn, layer: Json, room: Room) -> Json:
    return {**layer, **draw(_times()), **draw(_ways(room))}


@st.composite
def _row(draw: st.DrawFn, room: Room) -> list[Json]:
    """Two layers, one after the other, which may cross-fade."""
    first = {**draw(st.one_of(_shape(room), _media(room))), "id": "one", "duration": 0.8}
    second = {**draw(st.one_of(_shape(room), _media(room))), "start": "after:one", "duration": 0.9}
    first.pop("z", None)
    second.pop("z", None)
    if draw(st.booleans()):
        second["transition"] = {"in": {"type": "fade", "duration": 0.3, "overlap": True}}
    return [first, second]


@st.composite
def compositions(draw: st.DrawFn, *, is_transparent: bool = False, is_whole: bool = False) -> Json:
    """A composition of `SECONDS`; `is_whole`: all positions are whole pixels, and nothing is rotated."""
    width, height = draw(st.sampled_from(SIZES))
    room = Room((width, height), is_whole)
    one = st.one_of(_shape(room), _media(room), _group(room)).flatmap(lambda layer: _timed(layer, room))
    layers = draw(st.lists(one, min_size=1, max_size=4))
    if draw(st.integers(0, 3)) == 0:
        layers += draw(_row(room))
    background = "#00000000" if is_transparent else draw(_COLOR)
    return {
        "width": width,
        "height": height,
        "fps": draw(st.sampled_from(FPS)),
        "duration": SECONDS,
        "background": background,
        "layers": layers,
    }


def _tenths(number: int) -> float:
    return number / 10
