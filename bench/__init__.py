"""Ratios measured side by side in one run; tables to read, no assertion about time."""
