"""Prepares the text of SVG for resvg: names of font families, font files, and characters that no font has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol
from xml.etree.ElementTree import Element

DEFAULT_FAMILY = "Inter"
_DECLARATION = re.compile(r"(?<![\w-])(font(?:-family)?\s*:)([^;{}]*)", re.IGNORECASE)
_SIZE = re.compile(r"[\d.]+[a-z%]", re.IGNORECASE)
_MISSING = "\u25a1"
_IMPORTANT = re.compile(r"!\s*important\s*\Z", re.IGNORECASE)


class SvgFonts(Protocol):
    """The fonts that the text of SVG may use."""

    def find_family(self, name: str) -> str | None:
        """Return the family's name in its files; `None`, with a warning, if it does not exist."""

    def find_files(self, families: Sequence[str], text: str) -> tuple[list[Path], str]:
        """Return the files of families and for characters that these lack, and the characters that no font has."""


def prepare_text(root: Element, fonts: SvgFonts) -> list[Path]:
    """Rewrite the font families and the missing characters of a drawing.

    Returns:
        The font files that it needs; none without text.
    """
    texts = [element for element in root.iter() if _local_name(element) == "text"]
    if not texts:
        return []
    families = dict.fromkeys((DEFAULT_FAMILY, *_rewrite_families(root, fonts)))
    parts = [part for text in texts for part in text.iter()]
    characters = "".join(f"{part.text or ''}{part.tail or ''}" for part in parts)
    files, missing = fonts.find_files([*families], characters)
    boxes = str.maketrans(dict.fromkeys(missing, _MISSING))
    for part in parts if missing else ():
        part.text, part.tail = (value and value.translate(boxes) for value in (part.text, part.tail))
    return files


def _rewrite_families(root: Element, fonts: SvgFonts) -> Iterator[str]:
    """Replace families by those that exist, and yield these."""
    rewriter = _Rewriter(fonts)
    for element in root.iter():
        if "font-family" in element.attrib:
            element.set("font-family", rewriter.rewrite_families(element.attrib["font-family"]))
        if "style" in element.attrib:
            element.set("style", rewriter.rewrite_css(element.attrib["style"]))
        if _local_name(element) == "style" and element.text:
            element.text = rewriter.rewrite_css(element.text)
    yield from rewriter.families


class _Rewriter:
    def __init__(self, fonts: SvgFonts) -> None:
        self._fonts = fonts
        self._known: dict[str, str | None] = {}
        self.families: list[str] = []

    def rewrite_css(self, css: str) -> str:
        return _DECLARATION.sub(self._rewrite_declaration, css)

    def rewrite_families(self, value: str) -> str:
        names = (name.strip().strip("\"'").strip() for name in value.split(","))
        found = [family for name in names if name and (family := self._find(name))]
        self.families += found
        return ", ".join(f"'{family}'" for family in dict.fromkeys((*found, DEFAULT_FAMILY)))

    def _rewrite_declaration(self, match: re.Match[str]) -> str:
        name, value = match.groups()
        important = _IMPORTANT.search(value)
        value, end = (value[: important.start()], " !important") if important else (value, "")
        if "family" in name.lower():
            return f"{name} {self.rewrite_families(value)}{end}"
        parts = value.split()
        size = next((number for number, part in enumerate(parts) if _SIZE.match(part)), None)
        if size is None:
            return match.group()
        before, (length, _, height), rest = parts[:size], parts[size].partition("/"), parts[size + 1 :]
        if not height and parts[size].endswith("/"):
            rest = rest[1:]
        elif rest and rest[0].startswith("/"):
            rest = rest[2:] if rest[0] == "/" else rest[1:]
        # Without the line height, which resvg does not read and text in SVG does not need.
        return f"{name} {' '.join([*before, length])} {self.rewrite_families(' '.join(rest))}{end}"

    def _find(self, name: str) -> str | None:
        if name in {"inherit", "initial", "unset"}:
            return None
        if name not in self._known:
            self._known[name] = self._fonts.find_family(name)
        return self._known[name]


def _local_name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
