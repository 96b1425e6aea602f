"""Compositions as callers write them: models, their rules, and errors with the JSON path."""
