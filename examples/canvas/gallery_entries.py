"""The entries of docs/gallery.md (`gallery.toml`) and the pictures of docs/presets.md (`recipes.toml`)."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_FORMATS = {(16, 9): "16:9", (9, 16): "9:16", (1, 1): "1:1", (4, 5): "4:5"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A composition of the gallery.

    Attributes:
        times: seconds of the frames that its picture shows.
        rows: of variables, one for each of `times`; empty if the composition has no list of variables.
        suffix: of the video that its command makes.
    """

    name: str
    title: str
    text: str
    times: tuple[float, ...]
    rows: tuple[int, ...] = ()
    suffix: str = ".mp4"


@dataclass(frozen=True, slots=True)
class Section:
    """Entries of one kind."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The picture of a preset: frames of its inputs, and of the result of a job with it.

    Attributes:
        inputs: files in the folder of the media.
        before: number of an input and a second of it, for each frame on the left.
        after: seconds of the result, for each frame on the right.
        mean: number of frames from each second on of which the mean is shown.
    """

    name: str
    caption: str
    inputs: tuple[str, ...]
    before: tuple[tuple[int, float], ...]
    after: tuple[float, ...]
    data: dict[str, Any] = field(default_factory=dict)
    mean: int = 1


def read_sections(root: Path = ROOT) -> tuple[Section, ...]:
    """Read the entries of the gallery."""
    table = tomllib.loads((root / "examples/canvas/gallery.toml").read_text("utf-8"))
    return tuple(
        Section(
            one["title"],
            tuple(
                Entry(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
                for entry in one["entries"]
            ),
        )
        for one in table["sections"]
    )


def read_recipes(root: Path = ROOT) -> dict[str, Recipe]:
    """Read the pictures of presets, by the name of the preset."""
    table = tomllib.loads((root / "examples/canvas/recipes.toml").read_text("utf-8"))
    return {
        name: Recipe(
            name=name,
            caption=one["caption"],
            inputs=tuple(one["inputs"]),
            before=tuple((number, float(second)) for number, second in one["before"]),
            after=tuple(map(float, one["after"])),
            data=one.get("data", {}),
            mean=one.get("mean", 1),
        )
        for name, one in table.items()
    }


def all_entries(root: Path = ROOT) -> Iterator[Entry]:
    """Yield every entry in the order of the page."""
    for section in read_sections(root):
        yield from section.entries


def describe_format(name: str, root: Path = ROOT) -> str:
    """The aspect ratio of a composition, such as "16:9"."""
    composition = read_composition(name, root)
    width, height = composition["width"], composition["height"]
    common = math.gcd(width, height)
    return _FORMATS.get((width // common, height // common), f"{width}x{height}")


def read_composition(name: str, root: Path = ROOT) -> dict[str, Any]:
    """Read an example."""
    found: dict[str, Any] = json.loads((root / f"examples/canvas/{name}.json").read_text("utf-8"))
    return found
