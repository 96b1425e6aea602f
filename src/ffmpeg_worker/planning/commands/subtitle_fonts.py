"""Folders of fonts for burnt subtitles: `fontsdir` of the filters `subtitles` and `ass`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from ffmpeg_worker.command.command_line import CommandLine
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.commands.referenced_files import find_filter_parameters, find_graphs
from ffmpeg_worker.planning.placed_files import Folder, InputLink

FONT_SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc", ".pfb", ".pfa", ".woff", ".woff2"})
_FOLDER = "_fonts"
_PLACEHOLDER = re.compile(r"(\bfontsdir=['\"\\]{0,4})(?:\{\{\s*+([\w.-]++)\s*+\}\}|<<\s*+([\w.-]++)\s*+>>)")


def fill_fonts_folder(graph: str) -> str:
    """The graph with a folder in place of each placeholder in `fontsdir`: libass reads folders, not files."""
    return _PLACEHOLDER.sub(rf"\g<1>{_FOLDER}", graph)


def link_fonts(line: CommandLine, staged: Mapping[str, str]) -> tuple[Folder | InputLink, ...]:
    """The folder that `fill_fonts_folder` names, with the font given and every other font of the job.

    Fonts of one family come as several files, and one placeholder stands for the folder that holds them. `staged`
    are the names of the staged inputs. Nothing else is in the folder: libass reads every file into memory.
    """
    named = [found[2] or found[3] for graph in find_graphs(line) for found in _PLACEHOLDER.finditer(graph)]
    if not named:
        return ()
    fonts = [path for path in staged.values() if PurePosixPath(path).suffix.lower() in FONT_SUFFIXES]
    paths = dict.fromkeys((*(staged[name] for name in named), *fonts))
    links = (InputLink(f"{_FOLDER}/{path.replace('/', '-')}", path) for path in paths)
    return (Folder(_FOLDER), *links)


def find_font_folders(line: CommandLine) -> Iterator[str]:
    """Folders under the data root that `fontsdir` names."""
    for graph in find_graphs(line):
        for key, value in find_filter_parameters(graph):
            name = value.removesuffix("/")
            is_own = not name or name.startswith("/") or PurePosixPath(name).parts[0] == STAGING_FOLDER
            if key == "fontsdir" and not is_own and not placeholders.names_in(name):
                yield name
