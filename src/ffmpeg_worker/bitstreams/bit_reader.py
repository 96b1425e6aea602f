"""Reads bits of a NAL unit of H.264 or HEVC."""

from __future__ import annotations


class BitReader:
    """Reads the payload of a NAL unit from its first bit on, without emulation prevention bytes.

    Every method raises `ValueError` at the end of the payload.
    """

    def __init__(self, payload: bytes) -> None:
        data = payload.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def bits(self, count: int) -> int:
        """Read an unsigned number of `count` bits."""
        if count > self._left:
            raise ValueError("the NAL unit is cut off")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        """Read an unsigned Exp-Golomb code (9.1 of ITU-T H.264)."""
        zeros = 0
        while not self.bits(1):
            zeros += 1
        return (1 << zeros) - 1 + self.bits(zeros)

    def se(self) -> int:
        """Read a signed Exp-Golomb code (9.1.1 of ITU-T H.264)."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)
