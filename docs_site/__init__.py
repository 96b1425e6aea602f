"""Builds the documentation site from `docs/`: `./run docs`."""
