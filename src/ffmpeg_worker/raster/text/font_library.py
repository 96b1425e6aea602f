"""Which fonts there are: the job's, those that come with the package, those of the machine."""

from __future__ import annotations

import functools
import itertools
import os
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import uharfbuzz as hb

from ffmpeg_worker.fonts import bundled_fonts
from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.text.emoji import is_emoji
from ffmpeg_worker.raster.text.font import Face, Font, nearest
from ffmpeg_worker.raster.text.unpack_woff import read_packed
from ffmpeg_worker.scene.scene import FontFile

DEFAULT_FAMILY = "inter"
_SYSTEM = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_ENDINGS = (".ttf", ".otf", ".ttc")
_MOST_SYSTEM_FILES = 3000
_MOST_FONTS = 96
_MOST_WARNINGS = 20
_CHARACTERFUL = ("anton",)
_ALIASES = {
    "sans-serif": "inter", "sans": "inter", "system-ui": "inter", "serif": "lora", "monospace": "jetbrains mono",
    "mono": "jetbrains mono", "display": "anton", "emoji": "twemoji mozilla",
}  # fmt: skip


@functools.cache
def load_bundled() -> tuple[Face, ...]:
    """The fonts of the package, mapped into memory; to be called before the process is confined."""
    return tuple(Face(hb.Blob.from_file_path(str(path))) for path in bundled_fonts())


@functools.cache
def load_system() -> tuple[Face, ...]:
    """The fonts that are installed on the machine, none where they cannot be read."""
    faces: list[Face] = []
    for path in itertools.islice(_installed(), _MOST_SYSTEM_FILES):
        try:
            blob = hb.Blob.from_file_path(str(path))
            faces.extend(Face(blob, index) for index in range(hb.Face(blob).count))
        except (ValueError, OSError, hb.HarfBuzzError):
            continue
    return tuple(faces)


def _installed() -> Iterator[Path]:
    for folder in _SYSTEM:
        for parent, folders, names in os.walk(folder):
            folders.sort()
            yield from (Path(parent, name) for name in sorted(names) if name.lower().endswith(_ENDINGS))


class FontLibrary:
    """The fonts that a composition may use; `folder` holds those that it brings (`fonts`).

    `warnings` are sentences about families and characters that were asked for and are not there, each once;
    `missing` those about characters alone.

    Raises:
        RasterError: `font_unreadable`, a file of the job's is not a font.
    """

    def __init__(self, folder: Path | None = None, fonts: tuple[FontFile, ...] = ()) -> None:
        self.warnings: list[str] = []
        self.missing: list[str] = []
        self._families: dict[str, list[Face]] = defaultdict(list)
        self._fonts: OrderedDict[tuple[Face, float, int, bool], Font] = OrderedDict()
        self._chains: dict[tuple[tuple[str, ...], int, bool], FontChain] = {}
        for index, font in enumerate(fonts):
            face = _open(Path(folder or ".") / font.file, font, f"fonts[{index}]")
            self._families[font.family.strip().lower()].append(face)
        self._given = tuple(self._families)
        for face in load_bundled():
            name = face.family.lower()
            if name not in self._given:
                self._families[name].append(face)

    def chain(self, families: tuple[str, ...], weight: int, is_italic: bool) -> FontChain:
        """The faces to look for a character in, the families in order first."""
        key = (families, weight, is_italic)
        if key not in self._chains:
            asked = [face for family in families if (face := self._find(family, weight, is_italic))]
            rest = [nearest(faces, weight, is_italic) for faces in self._families_by_need()]
            chosen = dict.fromkeys([*asked, *(face for face in rest if face is not None)])
            self._chains[key] = FontChain(self, tuple(chosen), weight, is_italic)
        return self._chains[key]

    def font(self, face: Face, size: float, weight: int, is_italic: bool) -> Font:
        """A face at a size; the ones used last are kept."""
        key = (face, size, weight, is_italic)
        font = self._fonts.pop(key, None) or Font(face, size, weight, is_italic)
        self._fonts[key] = font
        if len(self._fonts) > _MOST_FONTS:
            self._fonts.popitem(last=False)
        return font

    def known(self, asked: Iterable[str]) -> tuple[str, ...]:
        """Names of families: those of the package, their other names, and those asked for that the machine has."""
        bundled = [face.family for face in load_bundled()]
        machine = [name for name in asked if any(_is_called(face, _plain(name)) for face in load_system())]
        return tuple(dict.fromkeys((*bundled, *_ALIASES, *machine)))

    def warn(self, sentence: str) -> None:
        """Keep a warning, unless it is known or there are many."""
        if sentence not in self.warnings and len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(sentence)

    def _families_by_need(self) -> list[list[Face]]:
        """The default family, what the job brought, then the rest, plain ones first."""
        first = [DEFAULT_FAMILY, *self._given]
        rest = sorted(set(self._families) - set(first), key=lambda name: (not name.startswith("noto"), name))
        rest.sort(key=_CHARACTERFUL.__contains__)
        return [self._families[name] for name in (*first, *rest)]

    def _find(self, family: str, weight: int, is_italic: bool) -> Face | None:
        name = _plain(family)
        name = name if name in self._families else _ALIASES.get(name, name)
        faces = self._families.get(name) or [face for face in load_system() if _is_called(face, name)]
        if not faces:
            self.warn(f'There is no font family "{family[:64]}"; the default is used instead.')
            return None
        return nearest(faces, weight, is_italic)


class FontChain:
    """Faces in the order in which they are asked for a character, at one weight and slant."""

    def __init__(self, library: FontLibrary, faces: tuple[Face, ...], weight: int, is_italic: bool) -> None:
        self._library = library
        self._faces = faces
        self._weight = weight
        self._is_italic = is_italic
        self._found: dict[str, Face] = {}

    def first(self, size: float) -> Font:
        """The font that gives lines their height."""
        return self._library.font(self._faces[0], size, self._weight, self._is_italic)

    def font(self, cluster: str, size: float) -> Font:
        """The font that has all of a cluster, the first one where none has."""
        face = self._found.get(cluster)
        if face is None:
            face = self._found[cluster] = self._search(cluster)
        return self._library.font(face, size, self._weight, self._is_italic)

    def _search(self, cluster: str) -> Face:
        if is_emoji(cluster):
            coloured = next((face for face in self._faces if face.is_colour and face.covers(cluster)), None)
            if coloured is not None:
                return coloured
        ordered = sorted(self._faces, key=lambda face: face.is_colour)
        if face := next((face for face in ordered if face.covers(cluster)), None):
            return face
        machine = [face for face in load_system() if face.covers(cluster)]
        if machine or cluster.isspace():
            return nearest(machine, self._weight, self._is_italic) or self._faces[0]
        codes = " ".join(f"U+{ord(letter):04X}" for letter in cluster[:8])
        sentence = f'No font has "{cluster[:8]}" ({codes}); a box is drawn instead.'
        self._library.missing.append(sentence)
        self._library.warn(sentence)
        return self._faces[0]


def _open(path: Path, font: FontFile, where: str) -> Face:
    try:
        unpacked = read_packed(path)
        blob = hb.Blob.from_file_path(str(path)) if unpacked is None else hb.Blob(unpacked)
        return Face(blob, family=font.family, weight=font.weight, is_italic=font.is_italic)
    except (ValueError, OSError, hb.HarfBuzzError) as error:
        raise RasterError(
            f'The file of the font "{font.family[:64]}" cannot be read as a font.',
            code="font_unreadable",
            where=where,
            hint="Give a TrueType, OpenType or WOFF file (.ttf, .otf, .ttc, .woff, .woff2).",
        ) from error


def _plain(family: str) -> str:
    return family.strip().strip("\"'").lower()


def _is_called(face: Face, name: str) -> bool:
    return any(name == known.lower() for known in face.names)
