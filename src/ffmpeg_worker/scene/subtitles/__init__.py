"""Subtitles of a scene: parsing, resolving, and the layers that libass draws."""
