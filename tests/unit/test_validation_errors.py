"""Messages of validation errors, in the words of this worker."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from ffmpeg_worker.validation_errors import describe_problem, wrong_value


def refuse(_: int) -> int:
    raise wrong_value("is odd", "Write an even number.")


@pytest.mark.parametrize(
    ("model", "value", "problem"),
    [
        (int, "x", "must be an integer"),
        (Annotated[str, Field(min_length=2)], "x", "must have at least 2 characters"),
        (Annotated[float, Field(ge=1)], 0.5, "must be greater than or equal to 1"),
        (tuple[int, ...], 3, "must be a list"),
        (dict[str, int], 3, "must be an object"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "must have at most 1 item"),
        (Annotated[int, AfterValidator(refuse)], 3, "is odd"),
    ],
)
def test_a_message_continues_the_path_of_a_field(model: Any, value: Any, problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(model).validate_python(value, strict=True)
    assert describe_problem(refused.value.errors()[0]) == problem
