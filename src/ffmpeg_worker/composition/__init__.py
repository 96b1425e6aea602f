"""Compositions as callers write them: models, validation, and errors with JSON paths."""
