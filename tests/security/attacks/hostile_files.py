"""Harmless commands whose inputs are hostile: what is in the file is not what its name says, or leads elsewhere."""

# ruff: noqa: E501  (a row is a line)

from __future__ import annotations

import random

from security.attacks.attack import Attack
from security.attacks.inputs import LEADS_ELSEWHERE
from security.attacks.media import (
    drawing,
    film_elsewhere,
    manifest,
    nested_drawing,
    picture,
    playlist,
    session,
)

_NOT_GUESSED = "ffmpeg takes it for such a file only under its own suffix"
_LOCAL = "a local playlist or manifest may only lead to files"
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
        "a list in a film",
        "x.mp4",
        "ffconcat version 1.0\nfile '<app>/victim.srt'\n",
        inert="lists are safe unless told otherwise",
    ),
    _copied(
        "a list of the network in a film",
        "x.mp4",
        "ffconcat version 1.0\nfile '<http>/x.mp4'\n",
        inert="lists are safe unless told otherwise",
    ),
    _copied(
        "a list",
        "x.ffconcat",
        "ffconcat version 1.0\nfile '<app>/victim.srt'\n",
        inert="lists are safe unless told otherwise",
    ),
    _copied("a playlist in a film", "x.mp4", playlist("<other>/victim.ts"), inert=_NOT_GUESSED),
    _copied("a playlist in a film, by address", "x.mp4", playlist("file://<other>/victim.ts"), inert=_NOT_GUESSED),
    _copied("a playlist", "x.m3u8", playlist("<other>/victim.ts"), out="o.ts", only=LEADS_ELSEWHERE),
    _copied("a playlist that goes up", "x.m3u8", playlist("<up>/app/victim.ts"), out="o.ts", only=LEADS_ELSEWHERE),
    _copied(
        "a playlist of another suffix",
        "x.m3u8",
        playlist("<app>/secret.env"),
        inert="segments have the suffixes of media",
    ),
    _copied("a playlist of the network", "x.m3u8", playlist("<http>/x.ts"), inert=_LOCAL),
    _copied(
        "a playlist whose key is elsewhere",
        "x.m3u8",
        playlist("tiny.ts", '#EXT-X-KEY:METHOD=AES-128,URI="<http>/k"'),
        inert=_LOCAL,
    ),
    _copied(
        "a playlist whose key is a file",
        "x.m3u8",
        playlist("tiny.ts", '#EXT-X-KEY:METHOD=AES-128,URI="<app>/secret.env"'),
        inert="keys have the suffixes of media",
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
        inert="it harms itself only",
        timeout_s=2,
    ),
    _copied("a manifest in a film", "x.mp4", manifest("<other>/victim.mp4")),
    _copied("a manifest in a film, by address", "x.mp4", manifest("file:<other>/victim.mp4")),
    _copied("a manifest of the network", "x.mp4", manifest("<http>/x.mp4"), inert=_LOCAL),
    _copied(
        "a manifest with a file inside",
        "x.mp4",
        manifest("tiny.mp4", doctype=_ENTITY, title="&e;"),
        inert="entities are not loaded",
    ),
    _copied("a manifest", "x.mpd", manifest("<other>/victim.mp4"), only=LEADS_ELSEWHERE),
    _copied("a session in a film", "x.mp4", session("<listen>"), inert="a file may not open ports"),
    _copied("a session", "x.sdp", session("<listen>"), inert="a file may not open ports"),
    _copied(
        "a drawing with a picture",
        "x.svg",
        drawing('<image xlink:href="file://<app>/victim1.png" width="64" height="64"/>'),
        inert="pictures of drawings are not loaded",
    ),
    _copied(
        "a drawing with a picture of the network",
        "x.svg",
        drawing('<image xlink:href="<http>/x.png" width="64" height="64"/>'),
        inert="pictures of drawings are not loaded",
    ),
    _copied(
        "a drawing with a file inside",
        "x.svg",
        drawing("<text y='20'>&e;</text>", doctype=_ENTITY),
        inert="entities are not loaded",
    ),
    _copied(
        "a drawing with very much inside",
        "x.svg",
        drawing("<text y='20'>&a9;</text>", doctype=_MANY_ENTITIES),
        inert="it harms itself only",
    ),
    _copied("a drawing of drawings", "x.svg", nested_drawing(), inert="it harms itself only", timeout_s=1),
    _copied("a drawing in a film", "x.mp4", nested_drawing(), inert="it harms itself only"),
    _copied(
        "a film whose sound is elsewhere", "x.mov", film_elsewhere, inert="films lead elsewhere only if allowed to"
    ),
    _copied("a huge picture", "x.png", picture(16000, 16000), out="o.mp4", inert="it harms itself only"),
    _copied(
        "a picture that claims to be huge",
        "x.png",
        picture(30000, 30000, is_complete=False),
        out="o.mp4",
        inert="it harms itself only",
    ),
    _copied(
        "a box without an end",
        "x.mp4",
        b"\0\0\0\x18ftypisom\0\0\0\0isomiso2\xff\xff\xff\xffmoov" + bytes(64),
        inert="it harms itself only",
    ),
    _copied("nothing", "x.mp4", b"", inert="it harms itself only"),
    _copied("zeros", "x.mp4", bytes(1 << 16), inert="it harms itself only"),
    _copied("words", "x.mp4", "This is no film.\n" * 99, inert="it harms itself only"),
    _copied(
        "words after a film's beginning",
        "x.mp4",
        b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + random.Random(1).randbytes(9999),
        inert="it harms itself only",
    ),
)
