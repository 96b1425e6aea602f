"""ffprobe's names for values that PyAV gives as numbers or under other names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

COLOR_RANGES: Mapping[int, str] = MappingProxyType({1: "tv", 2: "pc"})

COLOR_SPACES: Mapping[int, str] = MappingProxyType(
    {
        0: "gbr",
        1: "bt709",
        4: "fcc",
        5: "bt470bg",
        6: "smpte170m",
        7: "smpte240m",
        8: "ycgco",
        9: "bt2020nc",
        10: "bt2020c",
        11: "smpte2085",
        12: "chroma-derived-nc",
        13: "chroma-derived-c",
        14: "ictcp",
        15: "ipt-c2",
        16: "ycgco-re",
        17: "ycgco-ro",
    }
)

COLOR_TRANSFERS: Mapping[int, str] = MappingProxyType(
    {
        1: "bt709",
        4: "bt470m",
        5: "bt470bg",
        6: "smpte170m",
        7: "smpte240m",
        8: "linear",
        9: "log100",
        10: "log316",
        11: "iec61966-2-4",
        12: "bt1361e",
        13: "iec61966-2-1",
        14: "bt2020-10",
        15: "bt2020-12",
        16: "smpte2084",
        17: "smpte428",
        18: "arib-std-b67",
    }
)

COLOR_PRIMARIES: Mapping[int, str] = MappingProxyType(
    {
        1: "bt709",
        4: "bt470m",
        5: "bt470bg",
        6: "smpte170m",
        7: "smpte240m",
        8: "film",
        9: "bt2020",
        10: "smpte428",
        11: "smpte431",
        12: "smpte432",
        22: "ebu3213",
    }
)

FIELD_ORDERS: Mapping[int, str] = MappingProxyType({1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"})

CODEC_LONG_NAMES: Mapping[str, str] = MappingProxyType(
    {
        # PyAV has long names of decoders only. These codecs have no decoder, or one with another long name.
        "ass": "ASS (Advanced SSA) subtitle",
        "bin_data": "binary data",
        "dvaudio": "DV audio",
        "eia_608": "EIA-608 closed captions",
        "gif": "CompuServe GIF (Graphics Interchange Format)",
        "h263p": "H.263+ / H.263-1998 / H.263 version 2",
        "hevc": "H.265 / HEVC (High Efficiency Video Coding)",
        "huffyuv": "HuffYUV",
        "klv": "SMPTE 336M Key-Length-Value (KLV) metadata",
        "mjpeg": "Motion JPEG",
        "mov_text": "MOV text",
        "opus": "Opus (Opus Interactive Audio Codec)",
        "otf": "OpenType font",
        "pcm_dvd": "PCM signed 20|24-bit big-endian",
        "scte_35": "SCTE 35 Message Queue",
        "text": "raw UTF-8 text",
        "timed_id3": "timed ID3 metadata",
        "ttf": "TrueType font",
        "vvc": "H.266 / VVC (Versatile Video Coding)",
        "webp": "WebP",
    }
)

_FOUR_BITS = re.compile(
    r"adpcm_(argo|ct|ima_(alp|amv|apc|apm|ea_sead|oki|ws|ssi|acorn|wav|qt)|g722|yamaha|aica|swf|ms|sbpro_4)"
)
_PCM = re.compile(r"pcm_[suf](8|16|24|32|64)(?:[lb]e)?(?:_planar)?")


def find_bits_per_sample(codec_name: str) -> int:
    """Return the bits that one sample takes in the file; 0 if the codec has no fixed number."""
    if match := _PCM.fullmatch(codec_name):
        return int(match[1])
    if codec_name == "pcm_s24daud":
        return 24
    if codec_name in {"pcm_alaw", "pcm_mulaw", "pcm_vidc", "pcm_sga"}:
        return 8
    return 4 if _FOUR_BITS.fullmatch(codec_name) else 0


def format_codec_tag(tag: int) -> str:
    """Format the four characters of a codec tag as ffprobe does: `avc1`, `[27][0][0][0]`."""
    return "".join(_tag_character(byte) for byte in tag.to_bytes(4, "little"))


def _tag_character(byte: int) -> str:
    character = chr(byte)
    printable = byte < 0x80 and (character.isalnum() or character in ". -_")
    return character if printable else f"[{byte}]"
