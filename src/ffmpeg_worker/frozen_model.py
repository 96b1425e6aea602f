"""The base of everything a caller sends."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """Unknown keys are refused, values never echoed, nothing changes."""

    model_config = ConfigDict(
        # A validator is built when it is first needed: most models are only used inside others.
        defer_build=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        strict=True,
    )
