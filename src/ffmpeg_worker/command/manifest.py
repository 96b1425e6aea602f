"""Read which files the manifests of HLS (`.m3u8`, RFC 8216) and DASH (`.mpd`, ISO/IEC 23009-1) name."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

_URI = re.compile(r'[:,]URI="([^"]*+)"')
_SEQUENCE = re.compile(r"#EXT-X-MEDIA-SEQUENCE:(\d{1,18}+)$", re.ASCII)
_VARIANTS = ("#EXT-X-STREAM-INF:", "#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF:")
_KEYS = ("#EXT-X-KEY:", "#EXT-X-SESSION-KEY:")
_MPD_NAME = re.compile(
    r"""\b(?:media|initialization|sourceURL)=(?:"([^"]*+)"|'([^']*+)')|<BaseURL(?:\s[^<>]*+)?>([^<]*+)"""
)
_MPD_VARIABLE = re.compile(r"\$(\w*+)(?:%0?\d{1,3}d)?\$")
_MAX_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Manifest:
    """References of a manifest to other files; their names are relative to its folder.

    Attributes:
        names: files, as it names them.
        patterns: names with numbers or variants in them, as `NamePatterns.add_output` reads them (DASH).
        keys: files with keys (HLS).
        leads_away: whether it names addresses or absolute paths.
        is_master: whether it names playlists and no segments (HLS).
        is_hls: whether it is a playlist of HLS, and not a manifest of DASH.
        first_segment: number of its first segment; others before it were dropped, or had no number (HLS).
        segments: how many segments it names (HLS).
    """

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    leads_away: bool = False
    is_master: bool = False
    is_hls: bool = True
    first_segment: int = 0
    segments: int = 0


def read_manifest(text: str) -> Manifest | None:
    """Read a manifest; `None` for a text that is none."""
    text = text.removeprefix("\ufeff")
    if text.startswith("#EXTM3U"):
        return _read_playlist(text)
    return _read_mpd(text) if "<MPD" in text[:_MAX_HEAD] else None


def _read_playlist(text: str) -> Manifest:
    names: list[str] = []
    keys: list[str] = []
    first_segment = segments = 0
    is_master = False
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("#"):
            found = _URI.search(line)
            if found is not None:
                (keys if line.startswith(_KEYS) else names).append(found[1])
            is_master = is_master or line.startswith(_VARIANTS)
            if sequence := _SEQUENCE.match(line):
                first_segment = int(sequence[1])
        elif line:
            names.append(line)
            segments += 1
    return Manifest(
        names=tuple(dict.fromkeys(filter(_is_relative, names))),
        keys=tuple(dict.fromkeys(filter(_is_relative, keys))),
        leads_away=not all(map(_is_relative, (*names, *keys))),
        is_master=is_master,
        first_segment=first_segment,
        segments=0 if is_master else segments,
    )


def _read_mpd(text: str) -> Manifest:
    names = [name for name in _mpd_names(text) if name]
    relative = dict.fromkeys(filter(_is_relative, names))
    return Manifest(
        names=tuple(name for name in relative if "$" not in name),
        patterns=tuple(_pattern(name) for name in relative if "$" in name),
        leads_away=len(relative) < len(dict.fromkeys(names)),
        is_hls=False,
    )


def _mpd_names(text: str) -> Iterator[str]:
    for found in _MPD_NAME.finditer(text):
        yield html.unescape(found[1] or found[2] or found[3] or "").strip()


def _pattern(template: str) -> str:
    """`m$RepresentationID$-$Number%05d$.m4s` → `m%v-%d.m4s`."""
    parts = _MPD_VARIABLE.split(template)  # literals, with the names of the variables between them
    return "".join(_code(part) if index % 2 else part.replace("%", "%%") for index, part in enumerate(parts))


def _code(variable: str) -> str:
    if not variable:
        return "$"
    return "%d" if variable in {"Number", "Time", "Bandwidth"} else "%v"


def _is_relative(name: str) -> bool:
    if name.startswith("/"):
        return False
    try:
        return not urlsplit(name).scheme
    except ValueError:
        return False
