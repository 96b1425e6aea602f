"""The error that ends the rendering of a scene."""

from __future__ import annotations


class RasterError(Exception):
    """An error with a message for the caller; `where` is the JSON path of the layer."""

    def __init__(self, message: str, *, code: str, hint: str | None = None, where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.where = where


def out_of_memory(where: str | None = None) -> RasterError:
    """Return the error for a system that has no more memory or threads."""
    return RasterError(
        "The renderer ran out of memory.",
        code="renderer_out_of_memory",
        where=where,
        hint="Use a smaller canvas, smaller sources or fewer layers at once.",
    )
