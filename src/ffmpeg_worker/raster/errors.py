"""The error that ends the rendering of a scene."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class RasterError(Exception):
    """An error with a message for the caller; `where` is the JSON path of the layer."""

    def __init__(self, message: str, *, code: str, hint: str | None = None, where: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.where = where


@contextmanager
def locate_errors(where: str) -> Iterator[None]:
    """Add the path of a layer to the errors of its source; lack of memory becomes a `RasterError`."""
    try:
        yield
    except RasterError as error:
        error.where = error.where or where
        raise
    except MemoryError:
        raise out_of_memory(where) from None


def out_of_memory(where: str | None = None) -> RasterError:
    """Return the error for a system that has no more memory or threads."""
    return RasterError(
        "The renderer ran out of memory.",
        code="renderer_out_of_memory",
        where=where,
        hint="Use a smaller canvas, smaller sources or fewer layers at once.",
    )
