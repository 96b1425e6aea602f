"""Cuts a part out of a video exactly and copies its frames, except those around the cuts."""
