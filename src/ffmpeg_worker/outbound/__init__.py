"""Outbound connections: the only way to addresses that callers name."""
