"""Reads the parameters of AAC from a box `esds` (ISO/IEC 14496-14), for sound whose index leaves no doubt."""

from __future__ import annotations

from ffmpeg_worker.bitstreams.bit_reader import BitReader

_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_DESCRIPTOR, _DECODER, _PARAMETERS = 3, 4, 5
_AAC = 0x40
_LOW_COMPLEXITY = 2
_EXTENSION, _REPLICATION = 0x2B7, 5


def read_aac(box: bytes) -> tuple[int, int]:
    """Return samples per second and the number of channels.

    Raises:
        ValueError: it is not AAC-LC, or its parameters do not exclude that a decoder doubles the rate.
    """
    description, _ = _open(box[4:], _DESCRIPTOR)
    if description[2]:
        raise ValueError("dependent streams, a URL or a clock")
    decoder, _ = _open(description[3:], _DECODER)
    if decoder[0] != _AAC:
        raise ValueError("other sound")
    parameters, _ = _open(decoder[13:], _PARAMETERS)
    bits = BitReader(parameters)
    kind, rate, channels, flags = bits.bits(5), bits.bits(4), bits.bits(4), bits.bits(3)
    # Without this statement, the sound itself may have more than the parameters tell.
    has_no_replication = bits.bits(11) == _EXTENSION and bits.bits(5) == _REPLICATION and bits.bits(1) == 0
    if kind != _LOW_COMPLEXITY or rate >= len(_RATES) or not 1 <= channels <= 7 or flags or not has_no_replication:
        raise ValueError("not plain AAC-LC")
    return _RATES[rate], 8 if channels == 7 else channels


def _open(content: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the first descriptor, and what follows it."""
    if content[0] != tag:
        raise ValueError("another descriptor")
    length, at = 0, 1
    for _ in range(4):
        byte, at = content[at], at + 1
        length = length << 7 | byte & 0x7F
        if not byte & 0x80:
            break
    if at + length > len(content):
        raise ValueError("cut off")
    return content[at : at + length], content[at + length :]
