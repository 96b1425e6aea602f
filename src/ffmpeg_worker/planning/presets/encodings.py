"""Options of encoders and containers, by the suffix of the output."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from ffmpeg_worker.planning.presets.preset_input import PresetInput

VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".mkv", ".webm")
AUDIO_SUFFIXES = (".m4a", ".mp3", ".ogg", ".opus", ".flac", ".wav", ".aac")
MEDIA_SUFFIXES = (*VIDEO_SUFFIXES, *AUDIO_SUFFIXES)
_FASTSTART = frozenset({".mp4", ".mov", ".m4v", ".m4a"})
_DEFAULT_CRF, _DEFAULT_CRF_VP9 = 20, 31
_DEFAULT_KBPS = 192

_AUDIO_ENCODERS: Mapping[str, str] = {
    ".mp3": "libmp3lame",
    ".ogg": "libopus",
    ".opus": "libopus",
    ".webm": "libopus",
    ".flac": "flac",
    ".wav": "pcm_s16le",
}
_LOSSLESS = frozenset({"flac", "pcm_s16le"})
_COPIED: Mapping[str, frozenset[str]] = {
    ".mp3": frozenset({"mp3"}),
    ".m4a": frozenset({"aac", "alac"}),
    ".aac": frozenset({"aac"}),
    ".ogg": frozenset({"opus", "vorbis", "flac"}),
    ".opus": frozenset({"opus"}),
    ".flac": frozenset({"flac"}),
    ".wav": frozenset({"pcm_s16le", "pcm_s24le"}),
    ".webm": frozenset({"opus", "vorbis"}),
    ".mp4": frozenset({"aac", "mp3", "ac3", "eac3", "opus"}),
    ".m4v": frozenset({"aac", "ac3"}),
    ".mov": frozenset({"aac", "mp3", "ac3", "pcm_s16le", "pcm_s24le", "alac"}),
}
_COPIED_VIDEO: Mapping[str, frozenset[str]] = {
    ".webm": frozenset({"vp8", "vp9", "av1"}),
    ".mp4": frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video"}),
    ".m4v": frozenset({"h264", "hevc", "mpeg4"}),
    ".mov": frozenset({"h264", "hevc", "mpeg4", "prores", "mjpeg", "mpeg2video", "dnxhd"}),
}


def suffix_of(name: str) -> str:
    """The end of a name, such as `.mp4`, in lower case."""
    return PurePosixPath(name).suffix.lower()


def video_options(output: str, crf: int | None = None) -> tuple[str, ...]:
    """Encode video that browsers and phones play."""
    if suffix_of(output) == ".webm":
        quality = str(_DEFAULT_CRF_VP9 if crf is None else crf)
        speed = ("-deadline", "good", "-cpu-used", "4", "-row-mt", "1")
        return ("-c:v", "libvpx-vp9", "-crf", quality, "-b:v", "0", *speed, "-pix_fmt", "yuv420p")
    quality = str(_DEFAULT_CRF if crf is None else crf)
    return ("-c:v", "libx264", "-preset", "medium", "-crf", quality, "-pix_fmt", "yuv420p")


def audio_options(output: str, kbps: int | None = None) -> tuple[str, ...]:
    """Encode sound as the container expects it."""
    encoder = _AUDIO_ENCODERS.get(suffix_of(output), "aac")
    rate = () if encoder in _LOSSLESS else ("-b:a", f"{kbps or _DEFAULT_KBPS}k")
    return ("-c:a", encoder, *rate)


def copies_audio(output: str, source: PresetInput) -> bool:
    """Whether a container can hold the sound of a file as it is."""
    codecs = _COPIED.get(suffix_of(output))
    return codecs is None or source.codec("audio") in codecs


def copies_video(output: str, source: PresetInput) -> bool:
    """Whether a container can hold the picture of a file as it is."""
    codecs = _COPIED_VIDEO.get(suffix_of(output))
    return codecs is None or source.codec("video") in codecs


def kept_video(output: str, source: PresetInput) -> tuple[str, ...]:
    """Copy the picture where the container can hold it, else encode it."""
    return ("-c:v", "copy") if copies_video(output, source) else video_options(output)


def kept_audio(output: str, source: PresetInput) -> tuple[str, ...]:
    """Copy the sound where the container can hold it, else encode it."""
    return ("-c:a", "copy") if copies_audio(output, source) else audio_options(output)


def container_options(output: str) -> tuple[str, ...]:
    """Put the index first, so that players start before they have the whole file."""
    return ("-movflags", "+faststart") if suffix_of(output) in _FASTSTART else ()


def is_audio_name(output: str) -> bool:
    """Whether a name is that of a file with sound only."""
    return suffix_of(output) in AUDIO_SUFFIXES
