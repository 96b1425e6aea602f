"""What ends the drawing of a scene."""

from __future__ import annotations


class RasterError(Exception):
    """A sentence that a caller can act on; `where` is the JSON path of the layer."""

    def __init__(self, message: str, *, code: str, hint: str | None = None, where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.where = where
