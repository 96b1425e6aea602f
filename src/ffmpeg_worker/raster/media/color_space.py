"""Color properties of decoded frames, and the filters that convert them to limited-range BT.709."""

from __future__ import annotations

from av.video.frame import VideoFrame

from ffmpeg_worker.raster.media.filter_chain import Filter

# Values of AVColorRange, AVColorSpace and AVColorTransferCharacteristic.
LIMITED, FULL = 1, 2
BT709 = 1
_UNKNOWN = 2
_NO_MATRIX = frozenset({2, 3})
_HDR = frozenset({16, 18})
_BT470BG, _BT2020 = 5, frozenset({9, 10})
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020ncl"}

ACCURATE = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
"""Options of `scale` for RGB conversions."""


def complete_color_tags(frame: VideoFrame) -> None:
    """Set the color properties that a file does not declare, with the defaults of players.

    The matrix is BT.709 from 1280 pixels of width or above 576 lines, else BT.601. The range is limited, except
    for formats that are full-range by name.
    """
    if is_rgb(frame):
        return
    if frame.format.name.startswith("yuvj"):
        frame.color_range = FULL
    elif frame.color_range not in {LIMITED, FULL}:
        frame.color_range = LIMITED
    if is_hdr(frame) and frame.color_primaries == _UNKNOWN:
        frame.color_primaries = 9
    if frame.colorspace in _NO_MATRIX:
        frame.colorspace = BT709 if frame.width >= 1280 or frame.height > 576 else _BT470BG


def is_rgb(frame: VideoFrame) -> bool:
    """Whether a frame is RGB or has a palette."""
    return frame.format.is_rgb or frame.format.has_palette


def has_alpha(frame: VideoFrame) -> bool:
    """Whether a frame has an alpha channel."""
    name = frame.format.name
    return name.startswith(("yuva", "gbrap", "ya8", "ya16", "rgba", "bgra", "argb", "abgr", "pal8"))


def is_hdr(frame: VideoFrame) -> bool:
    """Whether a frame has high dynamic range (PQ or HLG)."""
    return frame.color_trc in _HDR


def sdr_scale_options(frame: VideoFrame) -> str:
    """Return the options of `scale` that map high dynamic range to BT.709; empty for other frames.

    Highlights are compressed according to the brightness that the file declares. Setting it up takes seconds.
    """
    if not is_hdr(frame):
        return ""
    return ":out_color_matrix=bt709:out_primaries=bt709:out_transfer=bt709:intent=perceptual"


def bt709_filters(frame: VideoFrame) -> list[Filter]:
    """Return the filters that convert the matrix (and the primaries of BT.2020) of limited-range yuv420p."""
    if frame.colorspace == BT709 or is_rgb(frame) or is_hdr(frame):
        return []
    if frame.colorspace in _BT2020:
        source = "ispace=bt2020ncl:iprimaries=bt2020:itrc=bt2020-10"
    else:
        # The primaries of older systems differ so little that players do not convert them.
        source = f"ispace={_MATRICES.get(frame.colorspace, 'bt709')}:iprimaries=bt709:itrc=bt709"
    return [("colorspace", f"{source}:irange=tv:all=bt709:range=tv:format=yuv420p")]
