"""The error that ends the rendering of a scene."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2

_CV_NO_MEMORY = -4


class RasterError(Exception):
    """An error with a message for the caller; `where` is the JSON path of the layer."""

    def __init__(self, message: str, *, code: str, hint: str | None = None, where: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.where = where


@contextmanager
def locate_errors(where: str, *, reads_file: bool = False) -> Iterator[None]:
    """Add the path of a layer to the errors of its source; lack of memory becomes a `RasterError`.

    `reads_file`: the source reads a file of the caller, so that any other exception is caused by that file, too.
    The libraries that decode files do not check all of them, and damage raises errors of any type.
    """
    try:
        yield
    except RasterError as error:
        error.where = error.where or where
        raise
    except Exception as error:
        if lacks_memory(error):
            raise out_of_memory(where) from None
        if not reads_file:
            raise
        raise RasterError(
            "The file cannot be drawn.",
            code="source_unreadable",
            where=where,
            hint="It is damaged, or of an unusual kind: create it again from its source.",
        ) from error


def lacks_memory(error: Exception) -> bool:
    """Whether an exception means that memory could not be allocated."""
    return isinstance(error, MemoryError) or (isinstance(error, cv2.error) and error.code == _CV_NO_MEMORY)


def out_of_memory(where: str | None = None) -> RasterError:
    """Return the error for a system that has no more memory or threads."""
    return RasterError(
        "The renderer ran out of memory.",
        code="renderer_out_of_memory",
        where=where,
        hint="Use a smaller canvas, smaller sources or fewer layers at once.",
    )
