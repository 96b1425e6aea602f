"""Seals what callers sent, so that no secret can be read from the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.settings import SEAL_KEY_FILE

_KEY_LENGTH = 43
"""Characters of 32 random bytes in base 64."""


class Seal:
    """Encrypts and authenticates bytes with a key of the operator; workers that share a database share the key."""

    def __init__(self, secret: str) -> None:
        """`secret` is any text; long and random ones are safe."""
        key = hashlib.sha256(b"ffmpeg-worker seal\0" + secret.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))
        self._digest_key = hashlib.sha256(b"ffmpeg-worker digest\0" + secret.encode()).digest()

    def seal(self, content: bytes) -> bytes:
        """Return the sealed content."""
        return self._fernet.encrypt(content)

    def unseal(self, sealed: bytes) -> bytes:
        """Return the content of `seal`.

        Raises:
            Misconfigured: it was sealed with another key.
        """
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise Misconfigured(
                "A queued job was sealed with another key.",
                hint="Give all workers and API processes of a database the same FFMPEG_WORKER_STATE_KEY; "
                f"without one, restore {SEAL_KEY_FILE} in FFMPEG_WORKER_STATE_ROOT.",
            ) from None

    def digest(self, content: bytes) -> str:
        """Return a digest that tells whether two contents are equal, and from which neither can be guessed."""
        return hmac.new(self._digest_key, content, hashlib.sha256).hexdigest()

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes of a key for another purpose, from which the key of the seal cannot be guessed."""
        return hmac.new(self._digest_key, b"derived\0" + purpose.encode(), hashlib.sha256).digest()

    def sign(self, text: str) -> str:
        """Return a signature of a text, for links."""
        return hmac.new(self._digest_key, b"link\0" + text.encode(), hashlib.sha256).hexdigest()


def open_key_file(folder: Path) -> str:
    """Return the key in a folder of the worker; it is made at the first start, readable by the worker's user only.

    Raises:
        Misconfigured: the folder cannot be written, or the file is damaged.
    """
    path = folder / SEAL_KEY_FILE
    try:
        if not path.exists():
            draft = folder / f".{SEAL_KEY_FILE}-{os.getpid()}-{secrets.token_hex(4)}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32))
                os.fsync(file.fileno())
            try:
                os.link(draft, path)  # of workers that start together, one makes the key
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_bytes().strip()
    except OSError as error:
        raise Misconfigured(
            f"The key file {path} cannot be used: {error.strerror}.",
            hint="Set FFMPEG_WORKER_STATE_ROOT to a folder that the worker's user may write.",
        ) from None
    if len(key) < _KEY_LENGTH or not key.isascii():
        raise Misconfigured(
            f"The key file {path} is damaged.",
            hint="Restore it from a backup, or move the state folder away with the jobs that wait in it.",
        )
    return key.decode()
