"""Compositions and files of theirs that lead elsewhere, or are more than they seem."""

# ruff: noqa: E501  (a row is a line)

from __future__ import annotations

import base64
import gzip
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from security.attacks.attack import Attack, Places, fill
from security.attacks.hostile_files import ATTACKS as FILES
from security.attacks.media import picture, playlist
from support.media.packed_fonts import brotli_zeros, woff2_of, woff2_of_empty_contours, woff_of, zlib_zeros

_SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="32" height="32">{}</svg>'
_BLOCK = '<rect width="9" height="9"{}/>'
_USES = '<g id="a0"><rect width="1" height="1"/></g>' + "".join(
    f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 10)
)
_ASS = "[Script Info]\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
_LINE = "Dialogue: 0,0:00:00.00,0:00:03.00,Default,,0,0,0,,"
_TINY = {"width": 64, "height": 36, "fps": 10, "duration": 0.3}


@dataclass(frozen=True)
class Composed:
    """Layers of a small composition, in which places may stand, and the attacker's files.

    `code` is that of the error which must come; `None`: it is drawn, and does no harm. `is_sandbox_only`: who
    looks at what the file holds follows it where it can.
    """

    name: str
    layers: list[dict[str, Any]]
    code: str | None
    files: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    is_sandbox_only: bool = False

    @property
    def attack(self) -> Attack:
        """Its files and places, as a world takes them."""
        texts = " ".join(str(layer.get("src", "")) for layer in self.layers)
        return Attack(self.name, texts, self.files)

    def job(self, places: Places) -> dict[str, Any]:
        """The job of it."""
        composed = {**_TINY, **self.more, "layers": [_filled(layer, places) for layer in self.layers]}
        return {"action": "canvas", "data": {"json": composed, "output": "made.mp4"}}


def _filled(layer: dict[str, Any], places: Places) -> dict[str, Any]:
    return {key: fill(value, places) if isinstance(value, str) else value for key, value in layer.items()}


def _src(kind: str, name: str, src: str, code: str, **files: Any) -> Composed:
    return Composed(f"{kind}: {name}", [{"type": kind, "src": src}], code, files)


def _svg(name: str, inside: str, code: str | None, *, before: str = "", file: str = "x.svg") -> Composed:
    return Composed(f"SVG: {name}", [{"type": "image", "src": file}], code, {file: before + _SVG.format(inside)})


def _file(kind: str, name: str, file: str, content: Any, code: str | None) -> Composed:
    return Composed(f"{kind}: {name}", [{"type": kind, "src": file}], code, {file: content})


def _font(name: str, content: Callable[[], bytes]) -> Composed:
    layer = {"type": "text", "text": "a", "style": {"font_family": "A"}}
    fonts = [{"family": "A", "src": "x.font"}]
    files = {"x.font": lambda _: content()}
    return Composed(f"font: {name}", [layer], "font_unreadable", files, more={"fonts": fonts})


def _embedded(content: bytes, kind: str = "png") -> str:
    text = base64.b64encode(content).decode()
    return f'<image width="32" height="32" href="data:image/{kind};base64,{text}"/>'


def _tiff(width: int, height: int) -> bytes:
    entries = struct.pack("<" + "HHII" * 3, 256, 4, 1, width, 257, 4, 1, height, 273, 4, 1, 8)
    return b"II*\0\x08\0\0\0\x03\0" + entries + bytes(4)


def _gif(width: int, height: int, frames: int) -> bytes:
    control, code = b"\x21\xf9\x04\0\x02\0\0\0", b"\x02\x02\x44\x01\0"
    frame = control + b"\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0" + code
    return (
        b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff" + frame * frames + b";"
    )


_ENDLESS = "a playlist of itself"  # it takes all its time
_DOORS = ("video", "audio", "image", "waveform", "subtitles")
_OUTSIDE = (
    ("an absolute path", "<app>/victim.mp4", "path_outside_root"),
    ("a path that goes up", "<up>/app/victim.mp4", "path_outside_root"),
    ("a file address", "file://<app>/victim.mp4", "path_outside_root"),
    ("a file address without slashes", "file:<app>/victim.mp4", "path_outside_root"),
    ("another job's file", "<other>/victim.mp4", "path_outside_root"),
    ("a part of a file", "subfile,,start,0,end,64,,:<app>/victim.mp4", "source_not_found"),
    ("joined files", "concat:<app>/victim.ts|<app>/victim.ts", "source_not_found"),
    ("a numbered sequence elsewhere", "<app>/victim%d.png", "path_outside_root"),
    ("a pattern elsewhere", "<app>/*.mp4", "path_outside_root"),
    ("the network", "<http>/x.mp4", "address_not_allowed"),
    ("a cloud's metadata", "http://169.254.169.254/latest", "address_not_allowed"),
    ("a protocol of ffmpeg's", "tcp://<tcp>", "unsupported_feature"),
    ("a descriptor", "pipe:<fd>", "source_not_found"),
    ("a variable's value", "{{there}}", "path_outside_root"),
)

ATTACKS: tuple[Composed, ...] = (
    *(_src(door, name, src, code) for name, src, code in _OUTSIDE[:4] for door in _DOORS),
    *(_src("video", name, src, code) for name, src, code in _OUTSIDE[4:-1]),
    Composed("video: a variable's value", [{"type": "video", "src": "{{there}}"}], "path_outside_root", more={"variables": {"there": "/etc/passwd"}}),
    Composed("a font outside", [{"type": "text", "text": "a"}], "path_outside_root", more={"fonts": [{"family": "A", "src": "/etc/passwd"}]}),
    _svg("a file as picture", '<image href="file://<app>/victim1.png" width="9" height="9"/>', "svg_refers_outside"),
    _svg("a file as picture, old spelling", '<image xlink:href="<app>/victim1.png" width="9" height="9"/>', "svg_refers_outside"),
    _svg("the network as picture", '<image href="<http>/x.png" width="9" height="9"/>', "svg_refers_outside"),
    _svg("another drawing's part", '<use href="<app>/x.svg#a"/>', "svg_refers_outside"),
    _svg("a drawing within", '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>', "svg_refers_outside"),
    _svg("a filter's picture", '<filter id="f"><feImage href="<http>/x.png"/></filter>' + _BLOCK.format(' filter="url(#f)"'), "svg_refers_outside"),
    _svg("a style from elsewhere", "<style>@import url(<http>/x.css); rect { fill: url(<http>/x.svg#a) }</style>" + _BLOCK.format(""), None),
    _svg("a filling from elsewhere", _BLOCK.format(' fill="url(file://<app>/x.svg#a)" style="mask: url(<http>/m.svg#a)"'), None),
    _svg("a font from elsewhere", "<style>@font-face { font-family: A; src: url(<http>/a.ttf) }</style><text font-family='A'>a</text>", None),
    _svg("a script", '<script href="#">fetch("<http>/x")</script><foreignObject><img src="<http>/x"/></foreignObject>', None),
    _svg("a style sheet before it", _BLOCK.format(""), None, before='<?xml-stylesheet href="<http>/x.css"?>'),
    _svg("an entity of a file", "<text>&e;</text>", "source_unreadable", before='<!DOCTYPE x [<!ENTITY e SYSTEM "file://<app>/one.txt">]>'),
    _svg("a document type of the network", _BLOCK.format(""), None, before='<!DOCTYPE svg SYSTEM "<http>/x.dtd">'),
    _svg("inclusion", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="<app>/one.txt" parse="text"/>', "svg_refers_outside"),
    _svg("a drawing by another name", '<image href="<app>/victim1.png" width="9" height="9"/>', "svg_refers_outside", file="x.png"),
    _svg("very many entities", "<text>&a9;</text>", "source_unreadable", before="<!DOCTYPE x [<!ENTITY a0 'lol'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)) + "]>"),
    _svg("drawings of drawings", _USES, "svg_too_complex"),
    _svg("very deep", "<g>" * 50_000 + "</g>" * 50_000, "svg_too_complex"),
    _svg("endless dashes", '<path d="M0 0H1000000000" stroke="red" stroke-dasharray="0.0000001"/>', None),
    _svg("a bomb within", _embedded(picture(20000, 20000)), "image_too_large"),
    _file("image", "a packed bomb", "x.svgz", gzip.compress(bytes(50_000_000)), "image_too_large"),
    _file("image", "a PNG that claims to be huge", "x.png", picture(30000, 30000, is_complete=False), "image_too_large"),
    _file("image", "a PNG that is huge", "x.png", picture(9000, 9000), "source_too_large"),
    _file("image", "a GIF that claims to be huge", "x.gif", _gif(65535, 65535, 1), "image_too_large"),
    _file("image", "a GIF of 100 000 frames", "x.gif", _gif(8, 8, 100_000), None),
    _file("image", "a TIFF that claims to be huge", "x.tif", _tiff(60000, 60000), "image_too_large"),
    _file("image", "a WebP that claims to be huge", "x.webp", b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + b"\xff" * 6, "image_too_large"),
    _file("image", "PostScript", "x.png", "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(<app>/one.txt) run\n", "source_unreadable"),
    _font("a WOFF of 4 GiB that says it is small", lambda: woff_of(5000, zlib_zeros(256))),
    _font("a WOFF of 4 GiB", lambda: woff_of(2**32 - 1, zlib_zeros(256))),
    _font("a WOFF2 of 4 GiB that says it is small", lambda: woff2_of(5000, brotli_zeros(256))),
    _font("a WOFF2 of 4 GiB", lambda: woff2_of(2**32 - 1, brotli_zeros(256))),
    _font("a WOFF2 of 16 million contours", lambda: woff2_of_empty_contours(500)),
    _file("subtitles", "a line without end", "x.srt", "1\n00:00:00,000 --> 00:00:01,000\n" + "x" * (15 << 20), "unreadable_subtitles"),
    _file("subtitles", "far too long", "x.srt", "x" * (17 << 20), "source_not_text"),
    _file("subtitles", "600 000 cues", "x.srt", "1\n0:0:0,0 --> 0:0:1,0\nx\n\n" * 600_000, "unreadable_subtitles"),
    _file("subtitles", "binary", "x.srt", bytes(range(256)) * 99, "source_not_text"),
    _file("subtitles", "drawing commands", "x.ass", _ASS + _LINE + r"{\p1\fn<app>/one.txt}m 0 0 l 9 0 9 9{\p0}" + "\n" + _LINE + "text\n", None),
    *(
        Composed(f"video: {file.name}", [{"type": "video", "src": next(iter(file.files))}], "unreadable", dict(file.files), is_sandbox_only=file.name == "a playlist")
        for file in FILES
        if file.name != _ENDLESS
    ),
    *(
        Composed(f"{door}: a playlist", [{"type": door, "src": "x.m3u8"}], "unreadable", {"x.m3u8": playlist("<other>/victim.ts")}, is_sandbox_only=True)
        for door in ("audio", "waveform", "image")
    ),
)  # fmt: skip
