"""Presets: recipes with typed parameters that become ordinary commands."""
