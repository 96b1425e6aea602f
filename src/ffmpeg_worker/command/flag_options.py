"""The FFmpeg options that take no value. Every other option takes the next argument as its value."""

from __future__ import annotations

# Found by running each option of `-h full` of FFmpeg 5.1 and 9.0. tests/media/test_flag_options.py compares the
# list with the embedded FFmpeg.
FLAG_OPTIONS = frozenset(
    "accurate_seek an auto_conversion_filters autorotate autoscale benchmark benchmark_all bitexact "
    "copy_unknown copyinkf copyts debug_ts display_hflip display_vflip dn dump find_stream_info "
    "fix_sub_duration fix_sub_duration_heartbeat force_fps hex hide_banner ignore_unknown n print_graphs psnr "
    "qphist re recast_media report shortest sn start_at_zero stats stdin vn vstats xerror y".split()
)
# Flags of older versions, which no longer exist.
_REMOVED_FLAGS = frozenset("deinterlace sameq same_quant intra newvideo newaudio newsubtitle loop_input".split())
_INFORMATION_OPTIONS = frozenset(
    "L license version buildconf formats muxers demuxers devices codecs decoders encoders filters bsfs "
    "protocols pix_fmts layouts sample_fmts dispositions colors hwaccels".split()
)


def option_name(token: str) -> str:
    """Name of an option without dash and stream specifier: `-c:v:0` → `c`."""
    return token.lstrip("-").partition(":")[0]


def is_flag(token: str) -> bool:
    """Whether an option takes no value. `token` is the option as written, with dash and stream specifier."""
    name = option_name(token)
    if name in FLAG_OPTIONS or name in _INFORMATION_OPTIONS or name in _REMOVED_FLAGS:
        return True
    return name.removeprefix("no") in FLAG_OPTIONS
