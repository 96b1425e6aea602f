"""What brings two pictures to one colour description before they are compared."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from ffmpeg_worker.job.media import StreamInfo

# libvmaf's inputs are negotiated to one colour description, and an untagged reference beside a tagged copy is
# then converted as if its tag were BT.601: VMAF 49 instead of 99.8 on equal pixels. Equal labels prevent that.
COMMON_COLOR_TAGS = "setparams=range=tv:colorspace=bt709"

_FULL = frozenset({"pc", "full", "jpeg"})
# From ffprobe's names to those of the scale filter; names that mean the same numbers fall together.
_MATRICES = MappingProxyType(
    {
        "bt709": "bt709",
        "smpte170m": "bt601",
        "bt470bg": "bt601",
        "smpte240m": "smpte240m",
        "fcc": "fcc",
        "bt2020nc": "bt2020",
        "bt2020c": "bt2020",
    }
)
_RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2rgb", "x2bgr", "pal8")
_HDR = frozenset({"smpte2084", "arib-std-b67"})


def color_options(stream: StreamInfo, reference: StreamInfo, distorted: StreamInfo) -> tuple[str, ...]:
    """Options of the scale filter that bring one of the two to limited range and the common matrix.

    The common matrix is the reference's, or the distorted video's where the reference names none. A video that
    names none is taken to use the other's.
    """
    common = _matrix(reference) or _matrix(distorted)
    own = _matrix(stream)
    if _is_rgb(stream):
        return ("out_range=tv", *([f"out_color_matrix={common}"] if common else ()))
    options: list[str] = []
    if _is_full(stream):
        options += ["in_range=pc", "out_range=tv"]
    if own and common and own != common:
        options += [f"in_color_matrix={own}", f"out_color_matrix={common}"]
    return tuple(options)


def warn_about_color(reference: StreamInfo, distorted: StreamInfo) -> Iterator[str]:
    """One sentence for every difference in colour, whether it was converted or not."""
    if not (_is_rgb(reference) or _is_rgb(distorted)) and _is_full(reference) != _is_full(distorted):
        which = "reference" if _is_full(reference) else "distorted video"
        yield f"The {which} has full colour range and was converted to limited range."
    ours, theirs = _matrix(reference), _matrix(distorted)
    if ours and theirs and ours != theirs:
        yield f"The colour matrix of the distorted video, {theirs}, was converted to the reference's, {ours}."
    for label, place in (("transfer curve", 2), ("primaries", 3)):
        mine, other = _known(reference.color[place]), _known(distorted.color[place])
        if mine and other and mine != other:
            yield (
                f"The colour {label} differs (reference {mine}, distorted {other}) and was not converted: "
                "the score counts that as damage."
            )
    if reference.color[2] in _HDR:
        yield "The reference is HDR; the models were trained on standard dynamic range."


def _matrix(stream: StreamInfo) -> str | None:
    return _MATRICES.get(stream.color[1] or "")


def _is_full(stream: StreamInfo) -> bool:
    return stream.color[0] in _FULL or (stream.pix_fmt or "").startswith("yuvj")


def _is_rgb(stream: StreamInfo) -> bool:
    return (stream.pix_fmt or "").startswith(_RGB)


def _known(name: str | None) -> str | None:
    return None if name in {None, "unknown", "unspecified", "reserved"} else name
