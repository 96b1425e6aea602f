"""Owners of jobs: the API key that a job came with, by a label that does not reveal the key."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

ANONYMOUS = "anonymous"
"""The owner of all jobs without a key: those of a worker without keys, of the terminal and of RunPod."""

_SALT = b"ffmpeg-worker: label of an API key"
_ROUNDS = 10_000
_LABEL_BYTES = 4

_Key = TypeVar("_Key")


def label_key(key: str) -> str:
    """Return the label of an API key: the same on every start and every worker, whatever other keys there are.

    The derivation is slow and the label short, so that a label in a log is of little help in guessing a weak key.
    """
    return "key-" + hashlib.pbkdf2_hmac("sha256", key.encode(), _SALT, _ROUNDS, _LABEL_BYTES).hex()


@contextmanager
def counted(counter: Counter[str], owner: str) -> Iterator[None]:
    """Count one more for an owner while the block runs."""
    counter[owner] += 1
    try:
        yield
    finally:
        subtract_one(counter, owner)


def subtract_one(counter: Counter[_Key], key: _Key) -> None:
    """Count one less, and forget a key that is down to none."""
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
