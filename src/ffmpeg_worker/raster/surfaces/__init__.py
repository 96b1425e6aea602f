"""Bitmaps, and the surfaces that they are composited onto."""
