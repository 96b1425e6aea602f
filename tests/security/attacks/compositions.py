"""Hostile compositions: sources outside the data root, SVGs, fonts, images and subtitles that attack the renderer."""

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
from security.attacks.media import playlist, png
from support.media.packed_fonts import brotli_zeros, woff2_of, woff2_of_empty_contours, woff_of, zlib_zeros

_SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="32" height="32">{}</svg>'
_BLOCK = '<rect width="9" height="9"{}/>'
_USES = '<g id="a0"><rect width="1" height="1"/></g>' + "".join(
    f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 10)
)
_ASS = "[Script Info]\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
_LINE = "Dialogue: 0,0:00:00.00,0:00:03.00,Default,,0,0,0,,"
_CANVAS = {"width": 64, "height": 36, "fps": 10, "duration": 0.3}


@dataclass(frozen=True)
class HostileComposition:
    """Layers of a small composition, with the placeholders of `Attack`, and the attacker's files.

    `code` is the expected error code; `None`: the composition renders without harm. `is_sandbox_only`: only the
    sandbox keeps the probe from following references in the file.
    """

    name: str
    layers: list[dict[str, Any]]
    code: str | None
    files: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    is_sandbox_only: bool = False

    @property
    def attack(self) -> Attack:
        """The attack that sets up the files and servers of this composition."""
        texts = " ".join(str(layer.get("src", "")) for layer in self.layers)
        return Attack(self.name, texts, self.files, timeout_s=30)  # each ends by itself, on a busy machine later

    def job(self, places: Places) -> dict[str, Any]:
        """Return a `canvas` job of the composition."""
        composition = {**_CANVAS, **self.more, "layers": [_fill_layer(layer, places) for layer in self.layers]}
        return {"action": "canvas", "data": {"json": composition, "output": "made.mp4"}}


def _fill_layer(layer: dict[str, Any], places: Places) -> dict[str, Any]:
    return {key: fill(value, places) if isinstance(value, str) else value for key, value in layer.items()}


def _src(kind: str, name: str, src: str, code: str, **files: Any) -> HostileComposition:
    return HostileComposition(f"{kind}: {name}", [{"type": kind, "src": src}], code, files)


def _svg(name: str, inside: str, code: str | None, *, before: str = "", file: str = "x.svg") -> HostileComposition:
    return HostileComposition(
        f"SVG: {name}", [{"type": "image", "src": file}], code, {file: before + _SVG.format(inside)}
    )


def _file(kind: str, name: str, file: str, content: Any, code: str | None) -> HostileComposition:
    return HostileComposition(f"{kind}: {name}", [{"type": kind, "src": file}], code, {file: content})


def _font(name: str, content: Callable[[], bytes]) -> HostileComposition:
    layer = {"type": "text", "text": "a", "style": {"font_family": "A"}}
    fonts = [{"family": "A", "src": "x.font"}]
    files = {"x.font": lambda _: content()}
    return HostileComposition(f"font: {name}", [layer], "font_unreadable", files, more={"fonts": fonts})


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


_ENDLESS = "a playlist of itself"  # the job would only end at its timeout
_LAYER_TYPES = ("video", "audio", "image", "waveform", "subtitles")
_OUTSIDE = (
    ("an absolute path", "<app>/victim.mp4", "path_outside_root"),
    ("a relative path", "<up>/app/victim.mp4", "path_outside_root"),
    ("a file URL", "file://<app>/victim.mp4", "path_outside_root"),
    ("a file URL without slashes", "file:<app>/victim.mp4", "path_outside_root"),
    ("another job's file", "<other>/victim.mp4", "path_outside_root"),
    ("the subfile protocol", "subfile,,start,0,end,64,,:<app>/victim.mp4", "source_not_found"),
    ("the concat protocol", "concat:<app>/victim.ts|<app>/victim.ts", "source_not_found"),
    ("an image sequence outside", "<app>/victim%d.png", "path_outside_root"),
    ("a pattern outside", "<app>/*.mp4", "path_outside_root"),
    ("a loopback URL", "<http>/x.mp4", "address_not_allowed"),
    ("a cloud metadata URL", "http://169.254.169.254/latest", "address_not_allowed"),
    ("the tcp protocol", "tcp://<tcp>", "unsupported_feature"),
    ("a descriptor", "pipe:<fd>", "source_not_found"),
    ("a variable's value", "{{there}}", "path_outside_root"),
)

ATTACKS: tuple[HostileComposition, ...] = (
    *(_src(layer_type, name, src, code) for name, src, code in _OUTSIDE[:4] for layer_type in _LAYER_TYPES),
    *(_src("video", name, src, code) for name, src, code in _OUTSIDE[4:-1]),
    HostileComposition("video: a variable's value", [{"type": "video", "src": "{{there}}"}], "path_outside_root", more={"variables": {"there": "/etc/passwd"}}),
    HostileComposition("a font outside", [{"type": "text", "text": "a"}], "path_outside_root", more={"fonts": [{"family": "A", "src": "/etc/passwd"}]}),
    _svg("an image file", '<image href="file://<app>/victim1.png" width="9" height="9"/>', "svg_refers_outside"),
    _svg("an image file by xlink", '<image xlink:href="<app>/victim1.png" width="9" height="9"/>', "svg_refers_outside"),
    _svg("an image URL", '<image href="<http>/x.png" width="9" height="9"/>', "svg_refers_outside"),
    _svg("an element of another SVG", '<use href="<app>/x.svg#a"/>', "svg_refers_outside"),
    _svg("a nested SVG", '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>', "svg_refers_outside"),
    _svg("an feImage URL", '<filter id="f"><feImage href="<http>/x.png"/></filter>' + _BLOCK.format(' filter="url(#f)"'), "svg_refers_outside"),
    _svg("a style sheet URL", "<style>@import url(<http>/x.css); rect { fill: url(<http>/x.svg#a) }</style>" + _BLOCK.format(""), None),
    _svg("a fill and a mask of other files", _BLOCK.format(' fill="url(file://<app>/x.svg#a)" style="mask: url(<http>/m.svg#a)"'), None),
    _svg("a font URL", "<style>@font-face { font-family: A; src: url(<http>/a.ttf) }</style><text font-family='A'>a</text>", None),
    _svg("a script", '<script href="#">fetch("<http>/x")</script><foreignObject><img src="<http>/x"/></foreignObject>', None),
    _svg("an xml-stylesheet URL", _BLOCK.format(""), None, before='<?xml-stylesheet href="<http>/x.css"?>'),
    _svg("an external entity", "<text>&e;</text>", "source_unreadable", before='<!DOCTYPE x [<!ENTITY e SYSTEM "file://<app>/one.txt">]>'),
    _svg("a document type URL", _BLOCK.format(""), None, before='<!DOCTYPE svg SYSTEM "<http>/x.dtd">'),
    _svg("an XInclude", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="<app>/one.txt" parse="text"/>', "svg_refers_outside"),
    _svg("an SVG named .png", '<image href="<app>/victim1.png" width="9" height="9"/>', "svg_refers_outside", file="x.png"),
    _svg("exponential entities", "<text>&a9;</text>", "source_unreadable", before="<!DOCTYPE x [<!ENTITY a0 'lol'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)) + "]>"),
    _svg("exponential groups", _USES, "svg_too_complex"),
    _svg("deeply nested groups", "<g>" * 50_000 + "</g>" * 50_000, "svg_too_complex"),
    _svg("very many dashes", '<path d="M0 0H1000000000" stroke="red" stroke-dasharray="0.0000001"/>', None),
    _svg("an embedded image bomb", _embedded(png(20000, 20000)), "image_too_large"),
    _file("image", "an SVGZ bomb", "x.svgz", gzip.compress(bytes(50_000_000)), "image_too_large"),
    _file("image", "a PNG that claims to be huge", "x.png", png(30000, 30000, is_complete=False), "image_too_large"),
    _file("image", "a PNG that is huge", "x.png", png(9000, 9000), "source_too_large"),
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
    _file("subtitles", "a very long line", "x.srt", "1\n00:00:00,000 --> 00:00:01,000\n" + "x" * (15 << 20), "unreadable_subtitles"),
    _file("subtitles", "a file that is too large", "x.srt", "x" * (17 << 20), "source_not_text"),
    _file("subtitles", "600 000 cues", "x.srt", "1\n0:0:0,0 --> 0:0:1,0\nx\n\n" * 600_000, "unreadable_subtitles"),
    _file("subtitles", "a binary file", "x.srt", bytes(range(256)) * 99, "source_not_text"),
    _file("subtitles", "drawing commands", "x.ass", _ASS + _LINE + r"{\p1\fn<app>/one.txt}m 0 0 l 9 0 9 9{\p0}" + "\n" + _LINE + "text\n", None),
    *(
        HostileComposition(f"video: {file.name}", [{"type": "video", "src": next(iter(file.files))}], "unreadable", dict(file.files), is_sandbox_only=file.name == "a playlist")
        for file in FILES
        if file.name != _ENDLESS
    ),
    *(
        HostileComposition(f"{layer_type}: a playlist", [{"type": layer_type, "src": "x.m3u8"}], "unreadable", {"x.m3u8": playlist("<other>/victim.ts")}, is_sandbox_only=True)
        for layer_type in ("audio", "waveform", "image")
    ),
)  # fmt: skip
