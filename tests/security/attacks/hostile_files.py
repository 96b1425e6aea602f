"""Harmless commands with hostile inputs: misnamed files, files that refer to other files, and bombs."""

from __future__ import annotations

import random

from security.attacks.attack import Attack
from security.attacks.inputs import LEADS_ELSEWHERE
from security.attacks.media import (
    manifest,
    nested_svg,
    playlist,
    png,
    quicktime_of_secrets,
    sdp,
    svg,
)

_NOT_GUESSED = "ffmpeg detects this format by its suffix only"
_LOCAL = "a local playlist or manifest may only refer to files"
_ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file://<app>/one.txt">]>'
_MANY_ENTITIES = (
    "<!DOCTYPE x [<!ENTITY a0 'lol'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    + "]>"
)


def _copied(
    name: str,
    file: str,
    content: object,
    *,
    inert: str | None = None,
    out: str = "o.mkv",
    only: str | None = None,
    timeout_s: float = 6,
) -> Attack:
    return Attack(name, f"-i {file} -c copy {out}", {file: content}, True, inert, only, timeout_s)  # type: ignore[dict-item]


ATTACKS = (
    _copied(
        "a concat list named .mp4",
        "x.mp4",
        "ffconcat version 1.0\nfile '<app>/victim.srt'\n",
        inert="concat lists are safe by default",
    ),
    _copied(
        "a concat list of URLs named .mp4",
        "x.mp4",
        "ffconcat version 1.0\nfile '<http>/x.mp4'\n",
        inert="concat lists are safe by default",
    ),
    _copied(
        "a concat list",
        "x.ffconcat",
        "ffconcat version 1.0\nfile '<app>/victim.srt'\n",
        inert="concat lists are safe by default",
    ),
    _copied("a playlist named .mp4", "x.mp4", playlist("<other>/victim.ts"), inert=_NOT_GUESSED),
    _copied(
        "a playlist named .mp4, with file URLs", "x.mp4", playlist("file://<other>/victim.ts"), inert=_NOT_GUESSED
    ),
    _copied("a playlist", "x.m3u8", playlist("<other>/victim.ts"), out="o.ts", only=LEADS_ELSEWHERE),
    _copied(
        "a playlist with relative paths",
        "x.m3u8",
        playlist("<up>/app/victim.ts"),
        out="o.ts",
        only=LEADS_ELSEWHERE,
    ),
    _copied(
        "a playlist of a file that is not media",
        "x.m3u8",
        playlist("<app>/secret.env"),
        inert="segments must have suffixes of media",
    ),
    _copied("a playlist of URLs", "x.m3u8", playlist("<http>/x.ts"), inert=_LOCAL),
    _copied(
        "a playlist whose key is a URL",
        "x.m3u8",
        playlist("tiny.ts", '#EXT-X-KEY:METHOD=AES-128,URI="<http>/k"'),
        inert=_LOCAL,
    ),
    _copied(
        "a playlist whose key is a file",
        "x.m3u8",
        playlist("tiny.ts", '#EXT-X-KEY:METHOD=AES-128,URI="<app>/secret.env"'),
        inert="keys must have suffixes of media",
    ),
    _copied(
        "a playlist of playlists",
        "x.m3u8",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n<http>/y.m3u8\n",
        inert=_LOCAL,
    ),
    _copied(
        "a playlist of itself",
        "x.m3u8",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8\n",
        inert="it affects its own job only",
        timeout_s=2,
    ),
    _copied("a manifest named .mp4", "x.mp4", manifest("<other>/victim.mp4")),
    _copied("a manifest named .mp4, with file URLs", "x.mp4", manifest("file:<other>/victim.mp4")),
    _copied("a manifest of URLs", "x.mp4", manifest("<http>/x.mp4"), inert=_LOCAL),
    _copied(
        "a manifest with an external entity",
        "x.mp4",
        manifest("tiny.mp4", doctype=_ENTITY, title="&e;"),
        inert="entities are not loaded",
    ),
    _copied("a manifest", "x.mpd", manifest("<other>/victim.mp4"), only=LEADS_ELSEWHERE),
    _copied("an SDP file named .mp4", "x.mp4", sdp("<listen>"), inert="a file may not open ports"),
    _copied("an SDP file", "x.sdp", sdp("<listen>"), inert="a file may not open ports"),
    _copied(
        "an SVG with an image file",
        "x.svg",
        svg('<image xlink:href="file://<app>/victim1.png" width="64" height="64"/>'),
        inert="images in SVGs are not loaded",
    ),
    _copied(
        "an SVG with an image URL",
        "x.svg",
        svg('<image xlink:href="<http>/x.png" width="64" height="64"/>'),
        inert="images in SVGs are not loaded",
    ),
    _copied(
        "an SVG with an external entity",
        "x.svg",
        svg("<text y='20'>&e;</text>", doctype=_ENTITY),
        inert="entities are not loaded",
    ),
    _copied(
        "an SVG with exponential entities",
        "x.svg",
        svg("<text y='20'>&a9;</text>", doctype=_MANY_ENTITIES),
        inert="it affects its own job only",
    ),
    _copied("an SVG of nested groups", "x.svg", nested_svg(), inert="it affects its own job only", timeout_s=1),
    _copied("an SVG named .mp4", "x.mp4", nested_svg(), inert="it affects its own job only"),
    _copied(
        "a QuickTime file that refers to another file",
        "x.mov",
        quicktime_of_secrets,
        inert="references to other files are off by default",
    ),
    _copied(
        "a huge image",
        "x.png",
        png(16000, 16000),
        out="o.mp4",
        inert="it affects its own job only",
        timeout_s=30,  # decoding it twice takes seconds on a busy machine
    ),
    _copied(
        "an image that claims to be huge",
        "x.png",
        png(30000, 30000, is_complete=False),
        out="o.mp4",
        inert="it affects its own job only",
    ),
    _copied(
        "an MP4 box of maximal size",
        "x.mp4",
        b"\0\0\0\x18ftypisom\0\0\0\0isomiso2\xff\xff\xff\xffmoov" + bytes(64),
        inert="it affects its own job only",
    ),
    _copied("an empty file", "x.mp4", b"", inert="it affects its own job only"),
    _copied("a file of zeros", "x.mp4", bytes(1 << 16), inert="it affects its own job only"),
    _copied("a text file", "x.mp4", "This is no film.\n" * 99, inert="it affects its own job only"),
    _copied(
        "random bytes after an MP4 header",
        "x.mp4",
        b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + random.Random(1).randbytes(9999),
        inert="it affects its own job only",
    ),
)
