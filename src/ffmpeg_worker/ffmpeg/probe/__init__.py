"""Reads media information, with ffprobe or with PyAV."""
