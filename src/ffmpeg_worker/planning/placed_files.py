"""Files, links and folders that are made before a step starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextFile:
    """A small file that is written before a step starts."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class InputLink:
    """A second name for a staged input, made before a step starts."""

    name: str
    staged: str


@dataclass(frozen=True, slots=True)
class BundledFonts:
    """A folder into which the bundled fonts are copied before a step starts; those with colors if `in_color`."""

    folder: str
    in_color: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is made before a step starts."""

    name: str


PlacedFile = TextFile | InputLink | BundledFonts | Folder
