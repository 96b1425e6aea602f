"""The reason why an encode cannot be split into chunks."""

from __future__ import annotations


class NotSplit(Exception):
    """One process must encode the video; the message is a clause for the caller, without a full stop."""
