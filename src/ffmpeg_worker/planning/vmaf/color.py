"""Convert two videos to the same color range and matrix before they are compared."""

from __future__ import annotations

from collections.abc import Iterator

from ffmpeg_worker.job.media import StreamInfo

# FFmpeg converts the inputs of libvmaf to the same color tags, and treats an untagged reference next to a tagged
# copy as BT.601: VMAF 49 instead of 99.8 on equal pixels. Equal tags prevent that.
COMMON_COLOR_TAGS = "setparams=range=tv:colorspace=bt709"

_FULL = frozenset({"pc", "full", "jpeg"})
# Names of ffprobe to those of the scale filter; equivalent matrices have the same name.
_MATRICES = {
    "bt709": "bt709",
    "smpte170m": "bt601",
    "bt470bg": "bt601",
    "smpte240m": "smpte240m",
    "fcc": "fcc",
    "bt2020nc": "bt2020",
    "bt2020c": "bt2020",
}
_RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2rgb", "x2bgr", "pal8")
_HDR = frozenset({"smpte2084", "arib-std-b67"})


def color_options(stream: StreamInfo, reference: StreamInfo, distorted: StreamInfo) -> tuple[str, ...]:
    """Options of the scale filter that convert `stream`, one of the two, to limited range and the common matrix.

    The common matrix is that of the reference, else that of the distorted video. An untagged video counts as
    using the matrix of the other.
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
    """One warning for each difference in color, converted or not."""
    if not (_is_rgb(reference) or _is_rgb(distorted)) and _is_full(reference) != _is_full(distorted):
        which = "reference" if _is_full(reference) else "distorted video"
        yield f"The {which} has full color range and was converted to limited range."
    own, other = _matrix(reference), _matrix(distorted)
    if own and other and own != other:
        yield f"The color matrix of the distorted video, {other}, was converted to that of the reference, {own}."
    for label, index in (("Transfer curves", 2), ("Color primaries", 3)):
        own, other = _known(reference.color[index]), _known(distorted.color[index])
        if own and other and own != other:
            yield (
                f"{label} differ (reference {own}, distorted {other}) and were not converted: "
                "the score counts that as distortion."
            )
    if reference.color[2] in _HDR:
        yield "The reference is HDR, but the models were trained on standard dynamic range."


def _matrix(stream: StreamInfo) -> str | None:
    return _MATRICES.get(stream.color[1] or "")


def _is_full(stream: StreamInfo) -> bool:
    return stream.color[0] in _FULL or (stream.pix_fmt or "").startswith("yuvj")


def _is_rgb(stream: StreamInfo) -> bool:
    return (stream.pix_fmt or "").startswith(_RGB)


def _known(name: str | None) -> str | None:
    return None if name in {None, "unknown", "unspecified", "reserved"} else name
