"""Checks whether this machine has what the worker needs."""
