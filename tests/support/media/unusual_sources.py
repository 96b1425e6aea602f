"""Unusual media files: those of the recipes, and files made of their bytes."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from support.media.sources import make
from support.media.unusual_recipes import AAC, RECIPES

_PACKET = 188
_NULL_PACKET = b"\x47\x1f\xff\x10" + b"\xff" * 184
_ID3_JUNK = b"ID3\x03\x00\x00" + bytes((0, 0, 8, 0)) + bytes(1024)
_TEXTS = {
    "chapters.txt": ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\ntitle=Two\n",
    "words.srt": "1\n00:00:00,000 --> 00:00:00,700\nWords\n",
}


def _bytes_of(*names: str) -> Callable[[Path], bytes]:
    return lambda folder: b"".join((folder / name).read_bytes() for name in names)


def _replace(name: str, old: bytes, new: bytes) -> Callable[[Path], bytes]:
    def rewrite(folder: Path) -> bytes:
        content = (folder / name).read_bytes()
        assert old in content
        return content.replace(old, new)

    return rewrite


def _part(name: str, start: float, end: float) -> Callable[[Path], bytes]:
    """The bytes from one share of a file to another."""

    def rewrite(folder: Path) -> bytes:
        content = (folder / name).read_bytes()
        return content[int(len(content) * start) : int(len(content) * end)]

    return rewrite


def _with_null_packets(folder: Path) -> bytes:
    content = (folder / "live.ts").read_bytes()
    packets = (content[at : at + _PACKET] for at in range(0, len(content), _PACKET))
    return b"".join(packet + _NULL_PACKET for packet in packets)


def _without_packets(folder: Path) -> bytes:
    """A stream that lost packets: every fortieth is missing."""
    content = (folder / "live.ts").read_bytes()
    packets = [content[at : at + _PACKET] for at in range(0, len(content), _PACKET)]
    return b"".join(packet for number, packet in enumerate(packets) if number % 40 != 39)


def _after_first_key_frame(folder: Path) -> bytes:
    """A stream that was switched on late: whole packets, but no key frame and no tables at its start."""
    content = (folder / "live.ts").read_bytes()
    return content[len(content) // _PACKET // 5 * _PACKET :]


def _streamed_wave(folder: Path) -> bytes:
    """The sizes in the header of a WAV that was written into a pipe are not known."""
    content = bytearray((folder / "eight-bit.wav").read_bytes())
    content[4:8] = content[(at := content.index(b"data") + 4) : at + 4] = b"\xff\xff\xff\xff"
    return bytes(content)


def _with_junk(folder: Path) -> bytes:
    """A song with an empty ID3 tag before its own, and bytes that are no sound after it."""
    return _ID3_JUNK + (folder / "plain.mp3").read_bytes() + b"APETAGEX" + b"junk" * 100


MADE_OF_BYTES: Mapping[str, Callable[[Path], bytes]] = MappingProxyType(
    {
        "phone-motion.mov": _replace("timecode.mov", b"tmcd", b"mebx"),
        "no-index.avi": _replace("divx.avi", b"idx1", b"JUNK"),
        "no-seek-table.mkv": _replace("attached.mkv", b"\x1c\x53\xbb\x6b", b"\x1c\x53\xbb\x6c"),
        "live-jump.ts": _bytes_of("live.ts", "live-later.ts"),
        "live-resized.ts": _bytes_of("live.ts", "live-larger.ts"),
        "live-null-packets.ts": _with_null_packets,
        "live-lost-packets.ts": _without_packets,
        "live-switched-on.ts": _after_first_key_frame,
        "live-cut.ts": _part("live.ts", 0, 0.773),
        "cut-recording.flv": _part("live.flv", 0, 0.7),
        "cut-fragments.mp4": _part("screen-fragments.mp4", 0, 0.9),
        "cut-browser.webm": _part("browser.webm", 0, 0.6),
        "chained.ogg": _bytes_of("call.ogg", "call.ogg"),
        "two-songs.mp3": _bytes_of("plain.mp3", "vbr.mp3"),
        "junk.mp3": _with_junk,
        "streamed.wav": _streamed_wave,
    }
)
NO_MEDIA: Mapping[str, Callable[[Path], bytes]] = MappingProxyType(
    {
        "cut-in-fragment.mp4": _part("screen-fragments.mp4", 0, 0.8),
        "no-moov.mp4": _part("phone.mp4", 0, 0.5),
        "page.mp4": lambda _folder: b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "zeros.mp4": lambda _folder: bytes(5000),
    }
)
# Parts of rewritten files.
_PARTS = {
    "live-later.ts": "-i live.ts -c copy -output_ts_offset 4000",
    "live-larger.ts": f"-f lavfi -i testsrc2=s=96x54:r=25:d=1 -f lavfi -i sine=880:d=1 {AAC} -output_ts_offset 1",
}


def make_unusual_sources(folder: Path) -> None:
    """Make all of them, and for each a list `NAME.txt` that plays it twice."""
    for name, text in _TEXTS.items():
        (folder / name).write_text(text)
    make(folder / "cover.png", *shlex.split("-f lavfi -i testsrc2=s=64x64 -frames:v 1"))
    for name, recipe in {**RECIPES, **_PARTS}.items():
        arguments = shlex.split(recipe)
        inside = [str(folder / word) if (folder / word).is_file() else word for word in arguments]
        make(folder / name, *inside)
    for name, rewrite in {**MADE_OF_BYTES, **NO_MEDIA}.items():
        (folder / name).write_bytes(rewrite(folder))
    for name in _PARTS:
        (folder / name).unlink()
    for name in (*RECIPES, *MADE_OF_BYTES, *NO_MEDIA):
        (folder / f"{name}.txt").write_text(f"file '{name}'\nfile '{name}'\n")
