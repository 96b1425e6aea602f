"""Why a command stays as its caller wrote it."""

from __future__ import annotations


class NotMapped(Exception):
    """The command has no certain counterpart; the message is a sentence that says why."""
