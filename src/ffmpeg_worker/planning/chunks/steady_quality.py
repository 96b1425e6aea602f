"""Encoders and rate controls that encode a chunk as they would encode it within the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.command.command_line import Option
from ffmpeg_worker.planning.chunks.not_split import NotSplit

RATE_OPTIONS = frozenset("b vb bitrate maxrate minrate bufsize rc_init_occupancy pass passlogfile".split())
_RATE_KEYS = frozenset(
    "bitrate vbv-maxrate vbv-bufsize vbv-init vbv-end pass stats qpfile zones zonefile nal-hrd hrd strict-cbr rc "
    "tbr mbr buf-sz buf-initial-sz buf-optimal-sz min-qp-file recode-loop multi-pass-opt-analysis csv "
    "analysis-load analysis-save chunk-start chunk-end".split()
)
_PARAMETERS = frozenset("x264-params x264opts x264-opts x265-params svtav1-params".split())
_KEY_INTERVALS = frozenset({"keyint"})


@dataclass(frozen=True, slots=True)
class _Quality:
    """Options with which an encoder keeps a quality: none, or one of `options`; `zero_rate` needs `-b:v 0`."""

    options: frozenset[str] = frozenset()
    zero_rate: bool = False


_ENCODERS = {
    **dict.fromkeys(("libx264", "libx265", "libsvtav1", "prores_ks", "prores", "ffv1", "ffvhuff"), _Quality()),
    "libvpx-vp9": _Quality(frozenset({"crf", "lossless"}), zero_rate=True),
    "mpeg4": _Quality(frozenset({"q", "qscale"})),
    "mjpeg": _Quality(frozenset({"q", "qscale"})),
}


def check_encoder(encoder: str, options: Sequence[Option]) -> int | None:
    """Check the encoder of a video with its options; return its key frame interval in frames, if one is given.

    Raises:
        NotSplit: it is not known to be restartable, or its rate control depends on the whole video.
    """
    if encoder == "copy":
        raise NotSplit("it copies the video and does not encode it")
    quality = _ENCODERS.get(encoder)
    if quality is None:
        raise NotSplit(f'the encoder "{encoder[:64]}" is not known to give the same result in chunks')
    _check_rates(options, quality)
    names = {option.name for option in options}
    if quality.options and not quality.options & names:
        wanted = " or ".join(f"-{name}" for name in sorted(quality.options))
        raise NotSplit(f'the encoder "{encoder}" distributes a bit rate over the whole video without {wanted}')
    if quality.zero_rate and "crf" in names and not any(option.name in {"b", "vb"} for option in options):
        raise NotSplit(f'the encoder "{encoder}" keeps a bit rate, too, without "-b:v 0"')
    intervals = [value for option in options for value in _find_intervals(option)]
    return intervals[-1] if intervals else None


def _check_rates(options: Sequence[Option], quality: _Quality) -> None:
    for option in options:
        is_zero = quality.zero_rate and option.name in {"b", "vb"} and option.value == "0"
        if option.name in RATE_OPTIONS and not is_zero:
            raise NotSplit(f'the rate control of "{option.token[:64]}" depends on the whole video')
        if option.name in _PARAMETERS:
            for key, _ in read_parameters(option):
                if key in _RATE_KEYS:
                    raise NotSplit(f'the rate control of "{key}" depends on the whole video')


def read_parameters(option: Option) -> Iterator[tuple[str, str]]:
    """The `key=value` pairs of an option such as `-x264-params`."""
    for pair in (option.value or "").split(":"):
        key, _, value = pair.partition("=")
        yield key.strip().replace("_", "-"), value


def _find_intervals(option: Option) -> Iterator[int]:
    if option.name == "g":
        values = [option.value or ""]
    elif option.name in _PARAMETERS:
        values = [value for key, value in read_parameters(option) if key in _KEY_INTERVALS]
    else:
        return
    yield from (int(value) for value in values if value.isdecimal() and 0 < len(value) < 8 and int(value) > 0)
