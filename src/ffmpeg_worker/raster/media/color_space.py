"""How the colours of decoded frames are coded, and the filters that bring them to BT.709 in limited range."""

from __future__ import annotations

from av.video.frame import VideoFrame

from ffmpeg_worker.raster.media.filter_chain import Step

# Numbers of AVColorRange, AVColorSpace, AVColorTransferCharacteristic.
LIMITED, FULL = 1, 2
BT709 = 1
_UNKNOWN = 2
_NO_MATRIX = frozenset({2, 3})
_HDR = frozenset({16, 18})
_BT470BG, _BT2020 = 5, frozenset({9, 10})
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020ncl"}

ACCURATE = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"


def name_colours(frame: VideoFrame) -> None:
    """Write into a frame what its file does not say, as players guess it.

    The matrix is BT.709 from 1280 pixels of width or above 576 lines, else BT.601; the range is limited, but for
    the formats that are full by name.
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
    """Whether a frame is coded as red, green and blue, or as places in a palette."""
    return frame.format.is_rgb or frame.format.has_palette


def has_alpha(frame: VideoFrame) -> bool:
    """Whether a frame has an opacity."""
    name = frame.format.name
    return name.startswith(("yuva", "gbrap", "ya8", "ya16", "rgba", "bgra", "argb", "abgr", "pal8"))


def is_hdr(frame: VideoFrame) -> bool:
    """Whether a frame is coded for high dynamic range (PQ or HLG)."""
    return frame.color_trc in _HDR


def to_sdr(frame: VideoFrame) -> str:
    """What `scale` is told to map high dynamic range to BT.709; nothing for other frames.

    Highlights are compressed by what the file says of its brightness. Setting it up takes seconds.
    """
    if not is_hdr(frame):
        return ""
    return ":out_color_matrix=bt709:out_primaries=bt709:out_transfer=bt709:intent=perceptual"


def to_bt709(frame: VideoFrame) -> list[Step]:
    """Filters that change the matrix (and the primaries of BT.2020) of yuv420p in limited range."""
    if frame.colorspace == BT709 or is_rgb(frame) or is_hdr(frame):
        return []
    if frame.colorspace in _BT2020:
        source = "ispace=bt2020ncl:iprimaries=bt2020:itrc=bt2020-10"
    else:
        # The primaries of the older systems differ so little that players leave them.
        source = f"ispace={_MATRICES.get(frame.colorspace, 'bt709')}:iprimaries=bt709:itrc=bt709"
    return [("colorspace", f"{source}:irange=tv:all=bt709:range=tv:format=yuv420p")]
