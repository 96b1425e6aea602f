"""Descriptors of the embedded probe, beside standard input and output."""

from __future__ import annotations

LISTENER_TO = 3
"""Its end of the socket over which it sends the listener of its reads."""
