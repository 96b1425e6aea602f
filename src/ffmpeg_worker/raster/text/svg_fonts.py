"""The fonts of a library for the text of SVG, which resvg reads from files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ffmpeg_worker.raster.text.font import Face
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.scene.scene import BUNDLED_FONTS_FOLDER


class LibraryFonts:
    """`SvgFonts` of a library; the bundled ones are read from the job's `folder` if it has a copy of them."""

    def __init__(self, library: FontLibrary, folder: Path) -> None:
        self._library = library
        self._copies = folder / BUNDLED_FONTS_FOLDER
        self._faces: dict[str, list[Face]] = {}

    def find_family(self, name: str) -> str | None:
        """Return the family's name in its files; `None`, with a warning, if it does not exist."""
        faces = [face for face in self._library.find_faces(name) if self._find_file(face)]
        if not faces:
            self._library.warn_of_family(name)
            return None
        family = faces[0].names[0] if faces[0].names else faces[0].family
        # A font of the job may have the same name in its file as another one: it has been asked for first.
        self._faces.setdefault(family, faces)
        return family

    def find_files(self, families: Sequence[str], text: str) -> tuple[list[Path], str]:
        """Return the files of families and for characters that these lack, and the characters that no font has."""
        chosen = [
            face for family in families for face in self._faces.get(family) or self._library.find_faces(family)
        ]
        lacking = [
            letter
            for letter in dict.fromkeys(text)
            if not letter.isspace() and not any(face.covers(letter) for face in chosen)
        ]
        missing = ""
        for letter in lacking:
            face = next((face for face in self._library.all_faces() if face.covers(letter)), None)
            if face is not None:
                chosen.append(face)
            else:
                missing += letter
                self._library.warn_of_character(letter)
        files = (file for face in chosen if (file := self._find_file(face)) is not None)
        return [*dict.fromkeys(files)], missing

    def _find_file(self, face: Face) -> Path | None:
        """Return the file of a face; `None` for one that was unpacked in memory."""
        if face.path is None:
            return None
        copy = self._copies / face.path.name
        if face.is_bundled and copy.is_file():
            return copy
        return face.path if os.access(face.path, os.R_OK) else None
