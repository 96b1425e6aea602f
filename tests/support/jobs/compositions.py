"""Compositions for tests, and the facts of their media files."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.scene.clips import SourceInfo
from ffmpeg_worker.scene.resolve import Resolved, resolve

_PICTURE = StreamInfo("video", "h264", 10.0, 1920, 1080, Fraction(25))
_SOUND = StreamInfo("audio", "aac", 10.0, sample_rate=48000, channels=2)
FILM = MediaInfo("mov,mp4,m4a,3gp,3g2,mj2", (_PICTURE, _SOUND), 10.0)
_ASS = r"""[Script Info]
[V4+ Styles]
Format: Name, Fontname, Fontsize
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\pos(10,20)}Hello
"""
_PAL: dict[str, Any] = {"width": 720, "height": 576, "field_order": "tt", "sample_aspect": Fraction(16, 15)}
FACTS: SourceInfo = {
    "film.mp4": FILM,
    "silent.mp4": replace(FILM, streams=(_PICTURE,)),
    "phone.mp4": replace(FILM, streams=(replace(_PICTURE, rotation=-90), _SOUND)),
    "tape.mp4": replace(FILM, streams=(replace(_PICTURE, **_PAL),)),
    "hdr.mp4": replace(FILM, streams=(replace(_PICTURE, color=(None, None, "smpte2084", None)),)),
    "logo.png": MediaInfo("png_pipe", (StreamInfo("video", "png", width=400, height=200),)),
    "photo.jpg": MediaInfo("image2", (StreamInfo("video", "mjpeg", width=400, height=200, pix_fmt="yuvj420p"),)),
    "cutout.png": MediaInfo("png_pipe", (StreamInfo("video", "png", width=400, height=200, pix_fmt="rgba"),)),
    "bomb.png": MediaInfo("png_pipe", (StreamInfo("video", "png", width=30_000, height=30_000),)),
    "icon.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10"/>',
    "song.mp3": MediaInfo("mp3", (StreamInfo("audio", "mp3", 60.0),), 60.0),
    "tone:440": MediaInfo("wav", (StreamInfo("audio", "pcm_s16le", 1.0),), 1.0),
    "styled.ass": _ASS,
    "words.srt": "1\n00:00:01,000 --> 00:00:02,000\nHello there\n",
}


def resolved(*layers: dict[str, Any], scale: float = 1.0, **canvas: Any) -> Resolved:
    """Resolve a composition of 200x100 pixels and 10 frames per second."""
    document = {"width": 200, "height": 100, "fps": 10, **canvas, "layers": list(layers)}
    return resolve(
        Composition.model_validate(document), FACTS, file_of=lambda src: f"in/{src}", render_scale=scale
    )
