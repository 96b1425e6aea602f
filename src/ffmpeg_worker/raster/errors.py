"""The one error of drawing."""

from __future__ import annotations


class RasterError(Exception):
    """Something cannot be drawn.

    `message` is one sentence, `where` the JSON path of the element, `hint` what the caller may change.
    """

    def __init__(self, code: str, message: str, *, where: str = "", hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
