"""Opens media files with PyAV, and tells why one cannot be opened."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

import av
from av.container import InputContainer

from ffmpeg_worker.sandbox.ticket import Ticket, open_options

# An untrusted playlist must not reach the network.
_PROTOCOLS = "file,crypto,data"

_REASONS: Mapping[int, str] = {
    errno.ENOENT: "not_found",
    errno.ENOTDIR: "not_found",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
    errno.EISDIR: "not_a_file",
}

# For playlists that FFmpeg itself wrote: without these options, libav judges names of segments and keys.
_ANY_NAMES = {"allowed_extensions": "ALL", "allowed_segment_extensions": "ALL", "extension_picky": "0"}

# Bytes of one read through a ticket: a probe reads little at each place, and all of a block is fetched.
_BLOCK_BYTES = 64 << 10

_HEAD_BYTES = 4096
# Offsets and magic bytes of containers that may have their index at the end of the file.
_SIGNATURES = ((4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (0, b"\x1a\x45\xdf\xa3"))


class ProbeFailed(Exception):
    """A file cannot be described.

    `reason` is `not_found`, `permission`, `not_a_file`, `empty`, `incomplete`, `not_media` or `unreadable`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def find_file(path: str, ticket: int | None) -> Path | Ticket:
    """The file at a path; that of a ticket where there is one."""
    return Path(path) if ticket is None else Ticket(ticket)


@contextmanager
def open_container(
    file: Path | Ticket, *, is_own_playlist: bool = False, options: Mapping[str, str] = MappingProxyType({})
) -> Iterator[InputContainer]:
    """Open a file for reading; what goes wrong until it is closed is the fault of the file.

    Raises:
        ProbeFailed: why.
    """
    try:
        _check_size(file)
        name, protocols = _name_for_libav(file)
        with av.open(
            name,
            format="hls" if is_own_playlist else None,
            container_options={**protocols, **options, **(_ANY_NAMES if is_own_playlist else {})},
            metadata_errors="replace",
        ) as container:
            yield container
    except OSError as error:
        raise ProbeFailed(_REASONS.get(error.errno or 0, "unreadable")) from error
    except (av.InvalidDataError, EOFError) as error:
        raise ProbeFailed("incomplete" if _begins_as_media(file) else "not_media") from error
    except (av.FFmpegError, ValueError) as error:
        raise ProbeFailed("unreadable") from error


def _name_for_libav(file: Path | Ticket) -> tuple[str, dict[str, str]]:
    """A name that libav opens, and the options for that."""
    if isinstance(file, Ticket):
        return "fd:", {"protocol_whitelist": "fd", **open_options(file.number, _BLOCK_BYTES)}
    # Neither form can be read as `protocol:rest`.
    return str(file) if file.is_absolute() else f"./{file}", {"protocol_whitelist": _PROTOCOLS}


def _check_size(file: Path | Ticket) -> None:
    # Checked before libav opens the file, as opening a named pipe would wait for a writer.
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ProbeFailed("not_a_file")
    if status.st_size == 0:
        raise ProbeFailed("empty")


def _begins_as_media(file: Path | Ticket) -> bool:
    head = read_head(file)
    return any(head.startswith(signature, offset) for offset, signature in _SIGNATURES)


def read_head(file: Path | Ticket) -> bytes:
    """Read the first bytes of a file; none if it cannot be read, which opening it explains."""
    with suppress(OSError, ProbeFailed):
        _check_size(file)
        with file.open("rb", buffering=0) as opened:
            return opened.read(_HEAD_BYTES)
    return b""
