"""Splits a long encode into chunks that separate processes encode and that are joined without loss."""
