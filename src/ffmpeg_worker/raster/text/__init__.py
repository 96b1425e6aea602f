"""Fonts, text layout and painting, and the sources of text and subtitles."""
