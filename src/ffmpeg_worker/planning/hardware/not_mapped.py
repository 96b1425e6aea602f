"""The reason why a command cannot be mapped onto a GPU."""

from __future__ import annotations


class NotMapped(Exception):
    """The command cannot run on the GPU with the same meaning; the message is a sentence for the caller."""
