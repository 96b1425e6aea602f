"""Reads from libav's printed summary of a file what PyAV has no attributes for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import av
import av.logging
from av.container import InputContainer

_PROGRAM = re.compile(r"  Program -?\d+ ")
_STREAM = re.compile(r"  Stream #0:(\d+)(?:\[0x[0-9a-f]+\])?(?:\([^)]*\))?: \w+: (.*)")
_SIDE_DATA = re.compile(r"      ([^:]+): ?(.*)")
_TAG = re.compile(r" / 0x([0-9A-F]{4,8})\)")
_REFERENCES = re.compile(r", (\d+) reference frame")
_PIXEL_FORMAT = re.compile(r", [a-z0-9_]+\(([^)]*)\)")
_CHANNELS = re.compile(r", \d+ Hz, ([^,]+)")
_SAMPLE_RATE = re.compile(r", (\d+) Hz\b")
_SIZE = re.compile(r", (\d+)x(\d+)\b")
_COUNTED_CHANNELS = re.compile(r"(\d+) channels( \(.*\))?")
_SAMPLE_BITS = re.compile(r" \((\d+) bit\)")
_DELAY = re.compile(r", delay (\d+)")
_SIDE_DATA_VALUES = {
    "Display Matrix": r"rotation of (?P<rotation>-?\d+)\.\d+ degrees",
    "CPB properties": r"bitrate max/min/avg: (?P<max_bitrate>\d+)/(?P<min_bitrate>\d+)/(?P<avg_bitrate>\d+) "
    r"buffer size: (?P<buffer_size>\d+) vbv_delay: (?P<vbv_delay>\d+|N/A)",
    "Content light level metadata": r"MaxCLL=(?P<max_content>\d+), MaxFALL=(?P<max_average>\d+)",
    # The printed chromaticities are rounded, so they are left out.
    "Mastering display metadata": r".*has_luminance:1 .*min_luminance=(?P<min_luminance>\d+\.\d+), "
    r"max_luminance=(?P<max_luminance>\d+\.\d+).*",
}
_CHROMA_LOCATIONS = frozenset({"left", "center", "topleft", "top", "bottomleft", "bottom"})


@dataclass(frozen=True, slots=True)
class StreamSummary:
    """Summary of one stream; None or empty where libav does not print a value.

    `tag` is the codec tag, 0 if there is none. `sample_bits` is set if fewer bits are used than stored.
    `side_data` has entries as ffprobe prints them.
    """

    codec: str | None = None
    tag: int = 0
    references: int | None = None
    chroma_location: str | None = None
    channels: int | None = None
    channel_layout: str | None = None
    sample_bits: int | None = None
    initial_padding: int = 0
    sample_rate: int | None = None
    size: tuple[int, int] | None = None
    side_data: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of a file: the number of programs, and the streams by index."""

    programs: int
    streams: Mapping[int, StreamSummary]


def read_summary(container: InputContainer) -> Summary | None:
    """Read what `InputContainer.dumps_format()` prints; None if the text cannot be trusted.

    libav prints tag names as they are: one with a line feed could look like another line of the summary.
    """
    tagged = [container.metadata, *(stream.metadata for stream in container.streams)]
    tagged += [chapter["metadata"] for chapter in container.chapters()]
    if any("\n" in name for tags in tagged for name in tags):
        return None
    with _verbose_libav():
        text: str = container.dumps_format()  # type: ignore[attr-defined]  # not in PyAV's stubs
    return _parse(text.split("\n"))


@contextmanager
def _verbose_libav() -> Iterator[None]:
    # Reference frames and chroma location are printed at VERBOSE and above, through the log of libav.
    # By default PyAV drops a line that equals the previous one.
    av.logging.set_skip_repeated(False)
    av.logging.set_libav_level(av.logging.VERBOSE)
    av.logging.set_level(av.logging.INFO)
    try:
        yield
    finally:
        av.logging.set_level(None)


def _parse(lines: list[str]) -> Summary:
    programs = 0
    streams: dict[int, StreamSummary] = {}
    current: StreamSummary | None = None
    in_side_data = False
    for line in lines:
        if match := _STREAM.match(line):
            current = streams.setdefault(int(match[1]), _read_stream(match[2]))
            in_side_data = False
        elif _PROGRAM.match(line):
            programs += 1
        elif line.startswith("    ") and line[4] != " ":
            in_side_data = line == "    Side data:"
        elif in_side_data and current is not None and (match := _SIDE_DATA.fullmatch(line)):
            current.side_data.append(_read_side_data(match[1], match[2]))
    return Summary(programs, streams)


def _read_stream(text: str) -> StreamSummary:
    codec = text.partition(" ")[0].rstrip(",")
    channels, layout = _read_channels(text)
    return StreamSummary(
        codec=None if codec in {"none", "unknown"} else codec,
        tag=int(match[1], 16) if (match := _TAG.search(text)) else 0,
        references=_number(_REFERENCES, text),
        chroma_location=_read_chroma_location(text),
        channels=channels,
        channel_layout=layout,
        sample_bits=_number(_SAMPLE_BITS, text),
        initial_padding=_number(_DELAY, text) or 0,
        sample_rate=_number(_SAMPLE_RATE, text),
        size=(int(match[1]), int(match[2])) if (match := _SIZE.search(text)) else None,
    )


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(match[1]) if match else None


def _read_chroma_location(text: str) -> str | None:
    match = _PIXEL_FORMAT.search(text)
    words = match[1].split(", ") if match else []
    return next((word for word in words if word in _CHROMA_LOCATIONS), None)


def _read_channels(text: str) -> tuple[int | None, str | None]:
    # Not through `CodecContext.layout`: PyAV 18.1 frees a layout with a custom channel order twice.
    match = _CHANNELS.search(text)
    if not match:
        return None, None
    layout = match[1]
    if counted := _COUNTED_CHANNELS.fullmatch(layout):
        return int(counted[1]), layout if counted[2] else None
    try:
        return av.AudioLayout(layout).nb_channels, layout
    except ValueError:
        return None, layout


def _read_side_data(name: str, text: str) -> dict[str, Any]:
    match = re.fullmatch(_SIDE_DATA_VALUES.get(name, ""), text)
    values = match.groupdict() if match else {}
    return {"side_data_type": name, **{key: _read_value(value) for key, value in values.items()}}


def _read_value(text: str) -> int | str:
    if text == "N/A":
        return -1
    # Luminance has steps of 1/10000 and is printed exactly.
    return f"{round(float(text) * 10000)}/10000" if "." in text else int(text)
