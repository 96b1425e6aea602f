"""Options of FFmpeg whose values are keys, passwords or headers, and their values in commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ffmpeg_worker.command.flag_options import option_name

# Of all programs, formats and protocols; whether commands may use them is another question.
_ANYWHERE = (
    "aa_fixed_key activation_bytes audible_fixed_key audible_iv audible_key authorization cenc_decryption_key "
    "cenc_decryption_keys cookies cryptokey decryption_iv decryption_key decryption_keys encryption_iv "
    "encryption_key ftp-anonymous-password ftp-password ftp-user headers hls_enc_iv hls_enc_key http_proxy "
    "key_pem passphrase password post_data private_key rtmp_conn rtmp_swfhash rtmp_tcurl secret srt_streamid "
    "srtp_in_params srtp_out_params"
).split()
# Filters have options of these names that hold no secrets.
_AS_OPTIONS_ONLY = ("iv", "key")
SECRET_OPTIONS = frozenset((*_ANYWHERE, *_AS_OPTIONS_ONLY))
"""Names without dash."""

# A name begins where no name ends, so that each part of a text is read once. The sign may be escaped.
_ASSIGNMENT = re.compile(rf"(?<![\w-])(?:[vas]?(?:{'|'.join(_ANYWHERE)})|(\w*_op(?:tion|t)s))\\*=")
_ANY_ASSIGNMENT = re.compile(rf"(?<![\w-])[vas]?(?:{'|'.join(sorted(SECRET_OPTIONS))})()\\*=")
# Up to a separator of options, filters or outputs that is neither quoted nor escaped.
_VALUE = re.compile(r"(?:\\+.|'[^']*'?|[^\\':|\],;\[])*", re.DOTALL)
# A list of the tee muxer, or an address of the crypto protocol; labels of filters contain no such sign.
_HOLDS_OPTIONS = re.compile(r"\[\w+=|crypto\b")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MAX_LEVELS = 3
_PIECE = re.compile(r"[^\s:=,;|'\"\\\[\]]{6,}")


def find_secret_values(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the values of secret options, also of those inside the values of other options and in file names.

    A value is yielded as written, without its escaping, and in pieces: FFmpeg's log may show any of them.
    """
    before = ""
    for argument in arguments:
        name, sign, value = argument.partition("=")
        if _is_secret(before):
            yield from _spell(argument)
        elif sign and name.startswith("-") and _is_secret(option_name(name)):
            yield from _spell(value)
        else:
            holds_options = before.endswith(("_options", "_opts")) or _HOLDS_OPTIONS.match(argument) is not None
            yield from _find_assigned(argument, holds_options=holds_options)
        before = option_name(argument) if argument.startswith("-") else ""


def _is_secret(name: str) -> bool:
    # FFmpeg accepts these letters before options of all codecs.
    return name in SECRET_OPTIONS or (name[:1] in {"v", "a", "s"} and name[1:] in SECRET_OPTIONS)


def _find_assigned(text: str, *, holds_options: bool) -> Iterator[str]:
    """Yield the values of `key=value` pairs with secret keys, at any depth; linear in the length of the text.

    `holds_options` says whether the text consists of options of a format, and of no filters.
    """
    pattern = _ANY_ASSIGNMENT if holds_options else _ASSIGNMENT
    position = 0
    while found := pattern.search(text, position):
        position = found.end()
        if found[1]:
            pattern = _ANY_ASSIGNMENT
        elif value := _VALUE.match(text, position):
            position = value.end()
            yield from _spell(value[0])


def _spell(value: str) -> Iterator[str]:
    yield value
    plain = value
    if "\\" in value or "'" in value:
        for _ in range(_MAX_LEVELS):
            plain = _ESCAPED.sub(r"\1", plain.replace("'", ""))
            yield plain
    yield from _PIECE.findall(value)
