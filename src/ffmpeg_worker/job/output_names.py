"""Names of outputs as callers write them: one name, or a list of names."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.file_names import check_name

ONE_OR_MANY = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
"""JSON Schema of one text or a list of texts."""


def read_one_or_many(value: Any) -> Any:
    """Turn nothing, one text or a list into a tuple; anything else is left to the type's own check."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _check_output(name: str) -> str:
    try:
        check_name(name, what="output")
    except InvalidJob as error:
        raise PydanticCustomError(error.code, error.message, {"hint": error.hint}) from None
    return name


OutputName = Annotated[str, AfterValidator(_check_output)]
OutputNames = Annotated[tuple[OutputName, ...], BeforeValidator(read_one_or_many), ONE_OR_MANY]
