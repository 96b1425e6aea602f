"""Writes numbers for command lines."""

from __future__ import annotations

from fractions import Fraction


def plain(value: float | Fraction) -> str:
    """Write a number without an exponent, with at most six decimals, and without decimals that say nothing."""
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    text = f"{float(value):.6f}"
    return text.rstrip("0").rstrip(".")
