"""Fields of jobs that a queue carries out: when they run, how often, and whom their end is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, SecretStr, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.credentials import read_secret

MIN_PRIORITY, MAX_PRIORITY = 1, 100
DEFAULT_PRIORITY = 50
_MAX_HEADER = 4096
CallbackEvent = Literal["end", "progress"]

_URL = re.compile(r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s\x00-\x20\x7f-\xa0]+$")


def _check_url(url: str) -> str:
    if _URL.fullmatch(url) is None:
        raise ValueError("must be a URL such as https://HOST/PATH, without blanks")
    return url


_CallbackUrl = Annotated[
    str,
    Field(max_length=2048),
    AfterValidator(_check_url),
    WithJsonSchema({"type": "string", "pattern": _URL.pattern, "maxLength": 2048}),
]


def _check_header(header: SecretStr) -> SecretStr:
    text = header.get_secret_value()
    if len(text) > _MAX_HEADER:
        raise ValueError(f"must have at most {_MAX_HEADER} characters")
    if not (text.isascii() and text.isprintable()):
        raise ValueError("must have only ASCII characters, as a request header does")
    return header


_Header = Annotated[
    SecretStr,
    BeforeValidator(read_secret),
    AfterValidator(_check_header),
    WithJsonSchema(
        {"type": "string", "writeOnly": True, "pattern": r"^[\u0020-\u007e]+$", "maxLength": _MAX_HEADER}
    ),
]


_Events = Annotated[
    tuple[CallbackEvent, ...],
    # Strict models take no list for a tuple.
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
]


REFUSED_TOGETHER: Sequence[JsonValue] = (
    {"required": ["callback_url", "webhook"]},
    {
        "required": ["callback_auth_header"],
        "not": {"anyOf": [{"required": ["callback_url"]}, {"required": ["webhook"]}]},
    },
)
"""JSON Schemas of objects whose combination of these fields is refused."""


class QueueFields(FrozenModel):
    """Fields that only mean something for a queued job."""

    async_: bool = Field(
        False,
        alias="async",
        description="Queue the job and answer at once with its id, instead of waiting for the result.",
        examples=[True],
    )
    callback_url: _CallbackUrl | None = Field(
        None,
        description="URL that receives a signed webhook when the job has ended. The job is queued.",
        examples=["https://app.example/hooks/media"],
    )
    webhook: _CallbackUrl | None = Field(
        None, description="Another name of `callback_url`.", examples=["https://app.example/hooks/media"]
    )
    callback_auth_header: _Header | None = Field(
        None,
        description="`Authorization` header of the webhooks; `Name: value` names another header.",
        examples=["Bearer my-token"],
    )
    callback_events: _Events = Field(
        ("end",),
        max_length=2,
        description="What is told to `callback_url`: the end, and with `progress` the progress too.",
        examples=[["progress", "end"]],
    )
    idempotency_key: str | None = Field(
        None,
        min_length=1,
        max_length=255,
        description="Your own name for this job. Sent again with the same body, it is the same job; with another "
        "body it is refused. The job is queued.",
        examples=["order-17"],
    )
    priority: int | None = Field(
        None,
        ge=MIN_PRIORITY,
        le=MAX_PRIORITY,
        description=f"Order among queued jobs: {MIN_PRIORITY} runs first. Default: {DEFAULT_PRIORITY}.",
        examples=[10],
    )

    @model_validator(mode="after")
    def _name_one_callback(self) -> Self:
        if self.callback_url is not None and self.webhook is not None:
            raise PydanticCustomError(
                "invalid_value",
                'The job has both "callback_url" and "webhook".',
                {"field": "webhook", "hint": "Keep one of them."},
            )
        if self.callback_auth_header is not None and self.callback is None:
            raise PydanticCustomError(
                "invalid_value",
                '"callback_auth_header" needs "callback_url".',
                {"field": "callback_auth_header", "hint": "Give both, or none of them."},
            )
        return self

    @property
    def callback(self) -> str | None:
        """The URL of the webhooks, from either spelling."""
        return self.callback_url or self.webhook

    @property
    def needs_queue(self) -> str | None:
        """The first field that only a queue can carry out; `None` where the job can run without one."""
        if self.async_:
            return "async"
        if self.callback is not None:
            return "callback_url" if self.callback_url is not None else "webhook"
        return "idempotency_key" if self.idempotency_key is not None else None
