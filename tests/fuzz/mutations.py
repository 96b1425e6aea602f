"""Random mutations of files: bits, lengths, chunks, headers and lines."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable

_TEXTS = frozenset("srt ass m3u8 txt ffconcat cube mpd".split())
_EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutate(data: bytes, suffix: str, hostile: list[str], chance: random.Random) -> bytes:
    """Return a copy of a file with up to eight faults."""
    if suffix in _TEXTS and chance.random() < 0.8:
        return _mutate_text(data.decode(errors="replace"), hostile, chance).encode()
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        chance.choice(_FAULTS)(damaged, chance)
    return bytes(damaged)


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 4, 64))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _truncate(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _change_header(data: bytearray, chance: random.Random) -> None:
    """Change a 32-bit number, of either byte order, in the first KiB of the file."""
    if len(data) >= 4:
        place = chance.randrange(min(len(data) - 3, 1024))
        struct.pack_into(chance.choice("<>") + "I", data, place, chance.choice(_EXTREMES))


def _change_box_size(data: bytearray, chance: random.Random) -> None:
    """Change the size beside a name of four letters, as in MP4, AVI, PNG and WAV."""
    boxes = [match.start() for match in re.finditer(rb"[a-zA-Z]{4}", data)]
    if boxes and len(data) >= 8:
        place = max(0, min(chance.choice(boxes) + chance.choice((-4, 4)), len(data) - 4))
        struct.pack_into(chance.choice("<>") + "I", data, place, chance.choice(_EXTREMES))


def _swap(data: bytearray, chance: random.Random) -> None:
    size = chance.choice((4, 16, 188, 512))
    if len(data) > 2 * size:
        one, other = (chance.randrange(len(data) - size) for _ in range(2))
        data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]


def _repeat(data: bytearray, chance: random.Random) -> None:
    begin = chance.randrange(len(data) + 1)
    piece = data[begin : begin + chance.choice((1, 8, 188, 2048))]
    data[begin:begin] = piece * chance.choice((1, 3, 50))


def _remove(data: bytearray, chance: random.Random) -> None:
    begin = chance.randrange(len(data) + 1)
    del data[begin : begin + chance.choice((1, 3, 8, 188, 2048))]


_FAULTS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _flip,
    _truncate,
    _change_header,
    _change_header,
    _change_box_size,
    _change_box_size,
    _swap,
    _repeat,
    _remove,
)


def _mutate_text(text: str, hostile: list[str], chance: random.Random) -> str:
    lines = text.split("\n")
    value = chance.choice(hostile)
    added = (
        *(value, f"file '{value}'", f'#EXT-X-KEY:METHOD=AES-128,URI="{value}"', f'#EXT-X-MAP:URI="{value}"'),
        *(f"#EXTINF:1,\n{value}", "#EXTINF:-1e99,", f"option protocol_whitelist {value}", "inpoint nan"),
        *(
            "99:99:99,999 --> -1:00:00,000",
            "{\\p1}m 0 0 l 99999999 1{\\t(1,2,\\fscx9999999)}",
            "<b>" * 200,
            "\x00",
        ),
    )
    for _ in range(chance.choice((1, 2, 4))):
        place = chance.randrange(len(lines) + 1)
        match chance.randrange(4):
            case 0 if lines:
                lines[place:] = lines[place + 1 :]
            case 1:
                number = re.compile(r"\d+")
                lines = [
                    number.sub(lambda _: chance.choice(("0", "-1", "9" * 25, "1e9")), line, 1) for line in lines
                ]
            case _:
                lines.insert(place, chance.choice(added))
    return "\n".join(lines)
