"""The ffmpeg options that take no value; every other one takes the token after it."""

from __future__ import annotations

# Read off ffmpeg 5.1 and 9.0 by running each option of `-h full`; tests/media/test_flag_options.py holds
# the list and the shipped binary together.
FLAG_OPTIONS = frozenset(
    "accurate_seek an auto_conversion_filters autorotate autoscale benchmark benchmark_all bitexact "
    "copy_unknown copyinkf copyts debug_ts display_hflip display_vflip dn dump find_stream_info "
    "fix_sub_duration fix_sub_duration_heartbeat force_fps hex hide_banner ignore_unknown n print_graphs psnr "
    "qphist re recast_media report shortest sn start_at_zero stats stdin vn vstats xerror y".split()
)
_QUESTIONS = frozenset(
    "L license version buildconf formats muxers demuxers devices codecs decoders encoders filters bsfs "
    "protocols pix_fmts layouts sample_fmts dispositions colors hwaccels".split()
)


def option_name(token: str) -> str:
    """The bare name of an option token: `-c:v:0` → `c`."""
    return token.lstrip("-").partition(":")[0]


def is_flag(token: str) -> bool:
    """Whether the option `token` (as written, with its dash and stream specifier) takes no value."""
    name = option_name(token)
    return name in FLAG_OPTIONS or name in _QUESTIONS or name.removeprefix("no") in FLAG_OPTIONS
