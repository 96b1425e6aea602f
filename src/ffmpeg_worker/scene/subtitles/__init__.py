"""Subtitles of a scene: parsers, resolved cues, and layers that libass draws."""
