"""Runs FFmpeg: finds it, reads its capabilities and progress, explains its failures, probes files."""
