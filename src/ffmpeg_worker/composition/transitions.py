"""How layers come and go."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from ffmpeg_worker.composition.easings import Easing
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value

TRANSITIONS = tuple(
    "fade fade-fast fade-slow fade-black fade-white fade-grays dissolve distance pixelize radial "
    "slide-left slide-right slide-up slide-down smooth-left smooth-right smooth-up smooth-down "
    "wipe-left wipe-right wipe-up wipe-down wipe-tl wipe-tr wipe-bl wipe-br "
    "cover-left cover-right cover-up cover-down reveal-left reveal-right reveal-up reveal-down "
    "circle-open circle-close circle-crop rect-crop vert-open vert-close horz-open horz-close "
    "diag-tl diag-tr diag-bl diag-br hl-slice hr-slice vu-slice vd-slice "
    "hl-wind hr-wind vu-wind vd-wind h-blur squeeze-h squeeze-v zoom-in zoom-out pop".split()
)
"""Every transition; ffmpeg's own names without hyphens mean the same."""

_BY_LETTERS = {name.replace("-", ""): name for name in TRANSITIONS} | {
    "slide": "slide-left",
    "wipe": "wipe-left",
    "zoom": "zoom-in",
    "push": "slide-left",
    "scale": "zoom-in",
    "circle": "circle-open",
    "iris": "circle-open",
    "irisin": "circle-close",
    "irisout": "circle-open",
    "clock": "radial",
    "pixelate": "pixelize",
    "cover": "cover-left",
    "reveal": "reveal-left",
    "blur": "h-blur",
    "crossfade": "fade",
}


def _check_transition(name: str) -> str:
    letters = name.strip().lower().replace("-", "").replace("_", "").replace(" ", "")
    if letters not in _BY_LETTERS:
        raise wrong_value(
            "names no transition", did_you_mean(name, TRANSITIONS) or f"There are {', '.join(TRANSITIONS)}."
        )
    return _BY_LETTERS[letters]


class Transition(Node):
    """One way to come or to go."""

    type: Annotated[
        str, AfterValidator(_check_transition), WithJsonSchema({"type": "string", "enum": list(TRANSITIONS)})
    ] = Field(description="Its name; those of ffmpeg's xfade are known, too.", examples=["slide-down"])
    duration: float = Field(0.5, gt=0, le=60, allow_inf_nan=False, description="Seconds it takes.", examples=[0.4])
    easing: Easing = Field("linear", description="How it goes over its time.", examples=["ease-out"])
    overlap: bool = Field(
        False,
        description="Of `in`, where the layer starts after another: it starts `duration` earlier, and the other "
        "one turns into it.",
        examples=[True],
    )


def _read_name(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


_Name = Annotated[str, WithJsonSchema({"type": "string", "enum": list(TRANSITIONS)})]
_OneWay = Annotated[Transition, BeforeValidator(_read_name, json_schema_input_type=Transition | _Name)]


class Transitions(Node):
    """How a layer comes and how it goes."""

    enter: _OneWay | None = Field(
        None, alias="in", description="How it comes.", examples=[{"type": "fade", "duration": 0.4}]
    )
    leave: _OneWay | None = Field(
        None, alias="out", description="How it goes.", examples=[{"type": "slide-down", "duration": 0.3}]
    )
