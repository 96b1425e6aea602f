"""The available fonts: those of the job, of the package and of the machine."""

from __future__ import annotations

import functools
import itertools
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import uharfbuzz as hb

from ffmpeg_worker.fonts import bundled_fonts
from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.text.emoji import is_emoji
from ffmpeg_worker.raster.text.font import MISSING_BOX, Face, Font, find_nearest
from ffmpeg_worker.raster.text.unpack_woff import unpack_woff
from ffmpeg_worker.scene.scene import FontFile

DEFAULT_FAMILY = "inter"
_SYSTEM_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_SUFFIXES = (".ttf", ".otf", ".ttc")
_MAX_SYSTEM_FILES = 3000
_MAX_CACHED_FONTS = 96
_MAX_WARNINGS = 20
_DISPLAY = "anton"
"""Tried last for missing characters."""
_ALIASES = {
    "sans-serif": "inter", "sans": "inter", "system-ui": "inter", "serif": "lora", "monospace": "jetbrains mono",
    "mono": "jetbrains mono", "display": "anton", "emoji": "twemoji mozilla",
}  # fmt: skip

_GENERIC = frozenset({"cursive", "fantasy", "ui-sans-serif", "ui-serif", "ui-monospace", "ui-rounded", "math"})
"""Families of CSS for which there is no font; any may stand for them."""


@functools.cache
def load_bundled() -> tuple[Face, ...]:
    """Map the fonts of the package into memory; called before the process is confined."""
    return tuple(Face(hb.Blob.from_file_path(str(path)), path=path, is_bundled=True) for path in bundled_fonts())


@functools.cache
def load_system() -> tuple[Face, ...]:
    """Map the fonts installed on the machine into memory, as far as they can be read."""
    faces: list[Face] = []
    for path in itertools.islice(_find_system_files(), _MAX_SYSTEM_FILES):
        try:
            blob = hb.Blob.from_file_path(str(path))
            faces.extend(Face(blob, index, path=path) for index in range(hb.Face(blob).count))
        except (ValueError, OSError, hb.HarfBuzzError):
            continue
    return tuple(faces)


def _find_system_files() -> Iterator[Path]:
    for folder in _SYSTEM_FOLDERS:
        for parent, folders, names in os.walk(folder):
            folders.sort()
            yield from (Path(parent, name) for name in sorted(names) if name.lower().endswith(_SUFFIXES))


class FontLibrary:
    """The fonts that a composition may use; `folder` holds the files of its own `fonts`.

    `warnings` are sentences about missing families and characters, each once; `missing` only about characters.

    Raises:
        RasterError: `font_unreadable`, a file of the job is not a font.
    """

    def __init__(self, folder: Path | None = None, fonts: tuple[FontFile, ...] = ()) -> None:
        self.warnings: list[str] = []
        self.missing: list[str] = []
        self._families: dict[str, list[Face]] = defaultdict(list)
        self.font = functools.lru_cache(_MAX_CACHED_FONTS)(Font)
        """Returns a face at a size, weight and slant."""
        self._chains: dict[tuple[tuple[str, ...], int, bool], FontChain] = {}
        for index, font in enumerate(fonts):
            face = _open_face(Path(folder or ".") / font.file, font, f"fonts[{index}]")
            self._families[font.family.strip().lower()].append(face)
        self._job_families = tuple(self._families)
        for face in load_bundled():
            name = face.family.lower()
            if name not in self._job_families:
                self._families[name].append(face)

    def chain(self, families: tuple[str, ...], weight: int, is_italic: bool) -> FontChain:
        """Return the faces that are searched for a character: those of the families, then all others."""
        key = (families, weight, is_italic)
        if key not in self._chains:
            wanted = [face for family in families if (face := self._find(family, weight, is_italic))]
            rest = [find_nearest(faces, weight, is_italic) for faces in self._fallback_families()]
            chosen = dict.fromkeys([*wanted, *(face for face in rest if face is not None)])
            self._chains[key] = FontChain(self, tuple(chosen), weight, is_italic)
        return self._chains[key]

    def list_families(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return the families of the package, their aliases, and those of the wanted ones that the machine has."""
        bundled = [face.family for face in load_bundled()]
        system = [name for name in wanted if any(_has_name(face, _normalize(name)) for face in load_system())]
        return tuple(dict.fromkeys((*bundled, *_ALIASES, *system)))

    def warn(self, sentence: str) -> None:
        """Add a warning, unless it is known; the last one says that there are more."""
        if sentence in self.warnings or len(self.warnings) > _MAX_WARNINGS:
            return
        is_last = len(self.warnings) == _MAX_WARNINGS
        self.warnings.append("There are more problems with fonts and characters." if is_last else sentence)

    def warn_of_family(self, family: str) -> None:
        """Warn that a family does not exist, unless it is a generic one."""
        if _normalize(family) not in _GENERIC:
            self.warn(f'There is no font family "{family[:64]}"; the default is used instead.')

    def warn_of_character(self, cluster: str) -> None:
        """Warn that no font has a character."""
        codes = " ".join(f"U+{ord(letter):04X}" for letter in cluster[:8])
        sentence = f'No font has "{cluster[:8]}" ({codes}); a box is drawn instead.'
        self.missing.append(sentence)
        self.warn(sentence)

    def find_faces(self, family: str) -> list[Face]:
        """Return the faces of a family: of the job, of the package, else of the machine."""
        name = _normalize(family)
        name = name if name in self._families else _ALIASES.get(name, name)
        return self._families.get(name) or [face for face in load_system() if _has_name(face, name)]

    def all_faces(self) -> list[Face]:
        """Return all faces, in the order in which they are searched for a character."""
        return [*(face for faces in self._fallback_families() for face in faces), *load_system()]

    def _fallback_families(self) -> list[list[Face]]:
        """Return the default family, those of the job, then the rest with the display font last."""
        first = [DEFAULT_FAMILY, *self._job_families]
        rest = set(self._families) - set(first)
        ordered = sorted(rest, key=lambda name: (name == _DISPLAY, not name.startswith("noto"), name))
        return [self._families[name] for name in (*first, *ordered)]

    def _find(self, family: str, weight: int, is_italic: bool) -> Face | None:
        faces = self.find_faces(family)
        if not faces:
            self.warn_of_family(family)
            return None
        return find_nearest(faces, weight, is_italic)


class FontChain:
    """Faces in the order in which they are searched for a character, at one weight and slant."""

    def __init__(self, library: FontLibrary, faces: tuple[Face, ...], weight: int, is_italic: bool) -> None:
        self._library = library
        self._faces = faces
        self._weight = weight
        self._is_italic = is_italic
        self._find_face = functools.cache(self._search)

    def first(self, size: float) -> Font:
        """Return the font that gives lines their baseline."""
        return self._library.font(self._faces[0], size, self._weight, self._is_italic)

    def font(self, cluster: str, size: float) -> Font:
        """Return the font that has all characters of a cluster; the first font if none has."""
        return self._library.font(self._find_face(cluster), size, self._weight, self._is_italic)

    def _search(self, cluster: str) -> Face:
        wants_color = is_emoji(cluster)
        ordered = sorted(self._faces, key=lambda face: face.is_color != wants_color)
        if face := next((face for face in ordered if face.covers(cluster)), None):
            return face
        system = [face for face in load_system() if face.covers(cluster)]
        if system or cluster.isspace():
            return find_nearest(system, self._weight, self._is_italic) or self._faces[0]
        self._library.warn_of_character(cluster)
        return next((face for face in self._faces if MISSING_BOX in face.characters), self._faces[0])


def _open_face(path: Path, font: FontFile, where: str) -> Face:
    try:
        unpacked = unpack_woff(path)
        blob = hb.Blob.from_file_path(str(path)) if unpacked is None else hb.Blob(unpacked)
        return Face(
            blob,
            family=font.family,
            weight=font.weight,
            is_italic=font.is_italic,
            path=path if unpacked is None else None,
        )
    except (ValueError, OSError, hb.HarfBuzzError) as error:
        raise RasterError(
            f'The file of the font "{font.family[:64]}" cannot be read as a font.',
            code="font_unreadable",
            where=where,
            hint="Use a TrueType, OpenType or WOFF file (.ttf, .otf, .ttc, .woff, .woff2).",
        ) from error


def _normalize(family: str) -> str:
    return family.strip().strip("\"'").lower()


def _has_name(face: Face, name: str) -> bool:
    return any(name == known.lower() for known in face.names)
