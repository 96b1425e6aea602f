"""Bodies that the OpenAPI document allows are jobs, but for what JSON Schema cannot say."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.config import SchemathesisConfig

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.job_body import JobBody
from support.extent import IS_FULL
from support.servers.fake_services import make_fake_services

NOT_IN_SCHEMAS = re.compile(
    "|".join(
        (
            # how values of several fields go together
            r"ends before it (begins|starts)",
            r'audio\[\d+\]\.endTime" must be greater than 0',
            r"has keyframes out of order",
            r"asks for row \d+ of \d+",
            r"has more than \d+ pixels",
            r"must have as many stops as colors|must have its stops in order",
            r'needs at least \d points|has "points" but is|has no "path"|has "path" but is not',
            r"cannot (hold|be transparent|interpolate)",
            r"has an output with the same name for two rows",
            # references between layers
            r"is the id of two layers|names no layer|names a layer|start after itself|starts after another one",
            # languages of their own
            r"is not a color|has double braces|uses the variable",
            r"has an unclosed quotation mark|contains the shell operator|has no arguments in command|\" is empty",
            r"between 1 and \d+ frames per second",
            r"leads out of its folder|hidden file or folder|hidden file|longer than the 255 bytes|names no file",
            r'has "\." or "\.\." as a part',
            r"has credentials of another cloud than HTTP",
        )
    )
)
EXAMPLES = 10 if IS_FULL else 5
FREE_FORM = ("metadata", "gcp_service_account_key", "parameters")
"""Fields that hold any JSON, in which texts with NUL and whole numbers of more than 20 digits are refused too."""


@pytest.fixture(scope="module")
def document() -> Any:
    document = json.loads(json.dumps(make_app(make_fake_services()).openapi()))
    for operations in document["paths"].values():
        # A form holds the same JSON as one of its parts.
        operations.get("post", {}).get("requestBody", {}).get("content", {}).pop("multipart/form-data", None)
    return schemathesis.openapi.from_dict(document, config=SchemathesisConfig())


@pytest.mark.parametrize("action", ACTIONS)
def test_bodies_that_the_schema_allows_are_read(document: Any, action: str) -> None:
    operation = document.find_operation_by_id(action)
    is_large = ACTIONS[action].uses_renderer

    @seed(7)
    @settings(
        max_examples=2 if is_large else EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    def read(case: schemathesis.Case[Any]) -> None:
        received = JobBody(action, json.dumps(without_free_form(case.body)).encode())
        refusal = find_refusal(received)
        assert refusal is None or NOT_IN_SCHEMAS.search(refusal), f"{refusal}\n{case.body!r}"

    read()


def find_refusal(received: JobBody) -> str | None:
    """Return why the worker refuses a body; `None` where it does not."""
    try:
        received.parse(received.decode())
    except InvalidJob as error:
        return error.message
    return None


def without_free_form(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_free_form(item) for key, item in value.items() if key not in FREE_FORM}
    return [without_free_form(item) for item in value] if isinstance(value, list) else value
