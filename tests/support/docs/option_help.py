"""The options that an ffmpeg reports, as the text of the option policy's table."""

from __future__ import annotations

import re
import subprocess
import textwrap
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from ffmpeg_worker.planning.option_policy.option_table import SECTIONS

_TEXT_TYPES = frozenset({"string", "binary", "dictionary"})
_OPTION = re.compile(r"^ {2,3}-?(\S+?) +\[?<(\w+) *> *\]?(?: *)([.A-Z]{11})", re.MULTILINE)
_HEADING = re.compile(r"^(.*) AVOptions:$", re.MULTILINE)


def read_option_table(ffmpeg: str) -> str:
    """The whole table, as `options.tsv` holds it."""
    scalars, texts = _command_options(_ask(ffmpeg, "-h", "full"))
    filters = _names(_ask(ffmpeg, "-filters"), r"^ [A-Z.]{2,3} (\S+) +\S+->\S+")
    with ThreadPoolExecutor(2) as pool:
        helps = pool.map(lambda name: _ask(ffmpeg, "-h", f"filter={name}"), filters)
        shown_filters = [_filter_line(name, text) for name, text in zip(filters, helps, strict=True)]
    devices = _ask(ffmpeg, "-devices")
    protocols = _ask(ffmpeg, "-protocols")
    parts: dict[str, Iterable[str]] = {
        "options that hold no text": _wrapped(scalars),
        "options that hold text": sorted(texts),
        "filters": sorted(shown_filters),
        "demuxers": _wrapped(_formats(_ask(ffmpeg, "-demuxers")) | _formats(devices, "D")),
        "muxers": _wrapped(_formats(_ask(ffmpeg, "-muxers")) | _formats(devices, "E")),
        "protocols": _wrapped(re.findall(r"^  (\S+)$", protocols, re.MULTILINE)),
        "bitstream filters": _wrapped(_ask(ffmpeg, "-bsfs").split("\n")[1:]),
    }
    assert tuple(parts) == SECTIONS
    return "".join(f"[{name}]\n" + "".join(f"{line}\n" for line in lines) for name, lines in parts.items())


def _ask(ffmpeg: str, *question: str) -> str:
    run = subprocess.run(
        [ffmpeg, "-hide_banner", *question], capture_output=True, text=True, errors="replace", check=True
    )
    return run.stdout


def _command_options(text: str) -> tuple[set[str], set[str]]:
    """Options that a command line can set; options of filters and bitstream filters are inside values."""
    scalars: set[str] = set()
    owners: dict[str, set[str]] = {}
    for owner, part in _sections(text):
        for name, kind, flags in _OPTION.findall(part):
            if flags[2] == "F" and owner != "SWResampler":
                continue
            if flags[8] == "B":
                owners.setdefault(f"bsf:{name}", set()).add(owner) if kind in _TEXT_TYPES else None
            elif kind in _TEXT_TYPES:
                owners.setdefault(name, set()).add(owner)
            else:
                scalars.add(name)
    return scalars - owners.keys(), {f"{name}\t{'; '.join(sorted(own))}" for name, own in owners.items()}


def _filter_line(name: str, text: str) -> str:
    """Options in the order in which values without a name are given; a `$` marks those that hold text."""
    words = []
    for _, part in _sections(text):
        words += [f"{option}$" if kind in _TEXT_TYPES else option for option, kind, _ in _OPTION.findall(part)]
    return f"{name}\t{' '.join(dict.fromkeys(words))}"


def _sections(text: str) -> Iterator[tuple[str, str]]:
    _, *parts = _HEADING.split(text)
    return zip(parts[::2], parts[1::2], strict=True)


def _names(text: str, pattern: str) -> list[str]:
    return sorted(set(re.findall(pattern, text, re.MULTILINE)))


def _formats(text: str, flag: str = "DE") -> set[str]:
    rows = re.findall(r"^ ([D ][E ])[d ]? +([^\s=]\S*)", text, re.MULTILINE)
    return {name for flags, names in rows if set(flags) & set(flag) for name in names.split(",")}


def _wrapped(words: Iterable[str]) -> list[str]:
    text = " ".join(sorted({word.strip() for word in words} - {""}))
    return textwrap.wrap(text, 110, break_long_words=False, break_on_hyphens=False)
