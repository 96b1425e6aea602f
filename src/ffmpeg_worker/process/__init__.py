"""Starts, feeds and stops child processes."""
