"""Names of files that callers give: their checks, the types of fields with them, and short forms for messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ffmpeg_worker.budgets import MAX_OUTPUTS
from ffmpeg_worker.errors import InvalidJob

MAX_COMPONENT_BYTES = 255
_MAX_PATH_BYTES = 4096
_MAX_SHOWN = 128
HIDDEN_HINT = "Use names of files and folders without a leading dot."
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/?#]*@)?([^?#]*).*", re.DOTALL)


def check_name(name: str, *, what: str) -> None:
    """Refuse a relative or absolute path that no file can have, or that leads out of its folder.

    Messages call it `what`, such as "output".

    Raises:
        InvalidJob: the name is empty, names a folder, has control characters, a part over 255 bytes, or `..`.
    """
    if not name or name.endswith("/") or name in {".", ".."}:
        raise _invalid(what, "names no file", "Give the name of a file.")
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise _invalid(what, "contains a control character such as a newline", "Remove it from the name.")
    if len(name.encode()) > _MAX_PATH_BYTES or any(
        len(part.encode()) > MAX_COMPONENT_BYTES for part in name.split("/")
    ):
        raise _invalid(
            what, f"is longer than the {MAX_COMPONENT_BYTES} bytes that a file name may have", "Shorten it."
        )
    if ".." in PurePosixPath(name).parts:
        raise InvalidJob(
            f'The {what} name leads out of its folder with "..".',
            code="path_outside_root",
            hint='Name a file under the data root, without "..".',
        )


def check_output_name(name: str) -> None:
    """Refuse a name that no output may have: see `check_name`; hidden files and folders hold settings and keys.

    Raises:
        InvalidJob: see `check_name`; `invalid_name` where a part begins with a dot.
    """
    check_name(name, what="output")
    if is_hidden_output(name):
        raise hidden_output(name)


def is_hidden_output(name: str) -> bool:
    """Whether an output would be a hidden file or in a hidden folder.

    Of an absolute name only the last part is checked: the store knows which folders above it are roots.
    """
    parts = PurePosixPath(name).parts
    return is_hidden(part for part in (parts[-1:] if name.startswith("/") else parts) if part != "..")


def is_hidden(parts: Iterable[str]) -> bool:
    """Whether a path of these parts is a hidden file, or in a hidden folder."""
    return any(part.startswith(".") for part in parts)


def hidden_output(name: str) -> InvalidJob:
    """The error of an output with a hidden name."""
    error = _invalid("output", "is that of a hidden file, or leads into a hidden folder", HIDDEN_HINT)
    return error.at(output=display_name(name))


def _invalid(what: str, reason: str, hint: str) -> InvalidJob:
    return InvalidJob(f"The {what} name {reason}.", code="invalid_name", hint=hint)


def display_name(name: str) -> str:
    """Return a path or URL as messages may show it: without user, password, query and fragment, and shortened."""
    match = _URL.fullmatch(name)
    plain = f"{match.group(1)}{match.group(2)}" if match else name
    return plain if len(plain) <= _MAX_SHOWN else plain[: _MAX_SHOWN - 1] + "…"


_CONTROL = r"\u0000-\u001f\u007f-\u009f"
_FOLDERS = rf"^([^{_CONTROL}]*/)?"
_OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "string",
    # The last part is no hidden file. What its folders may be depends on the roots of the worker.
    "pattern": rf"{_FOLDERS}[^./{_CONTROL}][^/{_CONTROL}]*$",
    "maxLength": _MAX_PATH_BYTES,
}


def output_name_schema(extensions: Iterable[str]) -> dict[str, str | int]:
    """JSON Schema of the name of an output with one of these extensions, in any case."""
    letters = ("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in name[1:]) for name in extensions)
    name = rf"[^./{_CONTROL}][^/{_CONTROL}]*"
    return {**_OUTPUT_SCHEMA, "pattern": rf"{_FOLDERS}{name}\.({'|'.join(letters)})$"}


def one_or_many_schema(item: Mapping[str, Any], **bounds: int) -> WithJsonSchema:
    """JSON Schema of one text or a list of texts, of the schema `item`."""
    return WithJsonSchema({"anyOf": [dict(item), {"type": "array", "items": dict(item), **bounds}]})


def read_one_or_many(value: Any) -> Any:
    """Turn nothing, one text or a list into a tuple; anything else is left to the type's own check."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _check_output(name: str) -> str:
    try:
        check_output_name(name)
    except InvalidJob as error:
        raise PydanticCustomError(error.code, error.message, {"hint": error.hint}) from None
    return name


OutputName = Annotated[str, AfterValidator(_check_output), WithJsonSchema(_OUTPUT_SCHEMA)]
OutputNames = Annotated[
    tuple[OutputName, ...],
    Field(max_length=MAX_OUTPUTS, fail_fast=True),
    BeforeValidator(read_one_or_many),
    one_or_many_schema(_OUTPUT_SCHEMA, maxItems=MAX_OUTPUTS),
]
