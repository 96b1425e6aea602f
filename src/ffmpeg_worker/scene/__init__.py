"""Compositions as values: what is shown when, where and how. Pure."""
