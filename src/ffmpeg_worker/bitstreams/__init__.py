"""Syntax of coded video that several programs need, as pure functions on bytes."""
