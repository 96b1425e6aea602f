"""Runs filters of system calls as the kernel does."""

from __future__ import annotations

import struct


def decide(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """The answer of a filter to one system call; arguments that are left out are 0."""
    data = struct.pack("=IIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    code: list[tuple[int, int, int, int]] = [
        struct.unpack_from("=HBBI", program, position) for position in range(0, len(program), 8)
    ]
    accumulator: int = 0
    position = 0
    while True:
        operation, if_true, if_false, value = code[position]
        position += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x05:
                position += value
            case 0x06:
                return value
            case 0x15:
                position += if_true if accumulator == value else if_false
            case 0x35:
                position += if_true if accumulator >= value else if_false
            case 0x45:
                position += if_true if accumulator & value else if_false
            case _:
                raise AssertionError(hex(operation))
