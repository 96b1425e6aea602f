"""Transitions: one table of all of them, and the fields with which a layer names one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from ffmpeg_worker.composition.easings import Easing
from ffmpeg_worker.composition.node import Node, read_type_shorthand
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value


@dataclass(frozen=True, slots=True)
class TransitionKind:
    """One transition that a layer may name.

    `drawn_by` says how an element appears or disappears with it:
        `element`: the element itself is moved, scaled or faded;
        `mask`: the effect of libavfilter's `xfade` draws the mask within which the element is visible;
        `mix`: that effect mixes the element with transparency;
        `color`: the element takes a color.
    Between two layers, `color` fades from one to the other over the whole canvas. Otherwise the effect of `xfade`
    does, unless `is_alone`: then the new layer appears above the old one as it would without it.
    `is_moving`: something moves, so that by default the progress is eased.
    """

    name: str
    meaning: str
    drawn_by: Literal["element", "mask", "mix", "color"] = "mask"
    aliases: tuple[str, ...] = ()
    is_moving: bool = True
    is_alone: bool = False

    @property
    def xfade(self) -> str:
        """The effect's name in libavfilter: this name without hyphens."""
        return self.name.replace("-", "")


_KINDS = (
    TransitionKind("fade", "fades the opacity", "element", ("crossfade",), is_moving=False),
    TransitionKind("fade-fast", "fades; parts that differ most change first", "mix", is_moving=False),
    TransitionKind("fade-slow", "fades; parts that differ most change last", "mix", is_moving=False),
    TransitionKind("fade-black", "fades through black", "color", is_moving=False),
    TransitionKind("fade-white", "fades through white", "color", is_moving=False),
    TransitionKind("fade-grays", "fades through grayscale", "mix", is_moving=False),
    TransitionKind("dissolve", "replaces more and more random pixels", is_moving=False),
    TransitionKind("distance", "fades; parts that differ most are replaced first", "mix", is_moving=False),
    TransitionKind("pixelize", "fades through large blocks", "mix", ("pixelate",), is_moving=False),
    TransitionKind("radial", "sweeps around the center like a clock hand", aliases=("clock",)),
    TransitionKind("slide-left", "moves left", "element", ("slide", "push")),
    TransitionKind("slide-right", "moves right", "element"),
    TransitionKind("slide-up", "moves up", "element"),
    TransitionKind("slide-down", "moves down", "element"),
    TransitionKind("smooth-left", "soft edge that moves left"),
    TransitionKind("smooth-right", "soft edge that moves right"),
    TransitionKind("smooth-up", "soft edge that moves up"),
    TransitionKind("smooth-down", "soft edge that moves down"),
    TransitionKind("wipe-left", "hard edge that moves left", aliases=("wipe",)),
    TransitionKind("wipe-right", "hard edge that moves right"),
    TransitionKind("wipe-up", "hard edge that moves up"),
    TransitionKind("wipe-down", "hard edge that moves down"),
    TransitionKind("wipe-tl", "the old picture shrinks into the top left corner"),
    TransitionKind("wipe-tr", "the old picture shrinks into the top right corner"),
    TransitionKind("wipe-bl", "the old picture shrinks into the bottom left corner"),
    TransitionKind("wipe-br", "the old picture shrinks into the bottom right corner"),
    TransitionKind("cover-left", "the new picture moves left over the old one", "mix", ("cover",)),
    TransitionKind("cover-right", "the new picture moves right over the old one", "mix"),
    TransitionKind("cover-up", "the new picture moves up over the old one", "mix"),
    TransitionKind("cover-down", "the new picture moves down over the old one", "mix"),
    TransitionKind("reveal-left", "the old picture moves left off the new one", "mix", ("reveal",)),
    TransitionKind("reveal-right", "the old picture moves right off the new one", "mix"),
    TransitionKind("reveal-up", "the old picture moves up off the new one", "mix"),
    TransitionKind("reveal-down", "the old picture moves down off the new one", "mix"),
    TransitionKind("circle-open", "soft circle that grows", aliases=("circle", "iris", "irisout")),
    TransitionKind("circle-close", "soft circle that shrinks", aliases=("irisin",)),
    TransitionKind("circle-crop", "circle that shrinks to nothing and grows again", "mix"),
    TransitionKind("rect-crop", "rectangle that shrinks to nothing and grows again", "mix"),
    TransitionKind("vert-open", "opens from a vertical line in the middle"),
    TransitionKind("vert-close", "closes to a vertical line in the middle"),
    TransitionKind("horz-open", "opens from a horizontal line in the middle"),
    TransitionKind("horz-close", "closes to a horizontal line in the middle"),
    TransitionKind("diag-tl", "soft diagonal edge that moves to the top left corner"),
    TransitionKind("diag-tr", "soft diagonal edge that moves to the top right corner"),
    TransitionKind("diag-bl", "soft diagonal edge that moves to the bottom left corner"),
    TransitionKind("diag-br", "soft diagonal edge that moves to the bottom right corner"),
    TransitionKind("hl-slice", "vertical slices, moving left"),
    TransitionKind("hr-slice", "vertical slices, moving right"),
    TransitionKind("vu-slice", "horizontal slices, moving up"),
    TransitionKind("vd-slice", "horizontal slices, moving down"),
    TransitionKind("hl-wind", "rows blown left"),
    TransitionKind("hr-wind", "rows blown right"),
    TransitionKind("vu-wind", "columns blown up"),
    TransitionKind("vd-wind", "columns blown down"),
    TransitionKind("h-blur", "fades through horizontal blur", "mix", ("blur",), is_moving=False),
    TransitionKind("squeeze-h", "squeezes to a horizontal line", "mix"),
    TransitionKind("squeeze-v", "squeezes to a vertical line", "mix"),
    TransitionKind("zoom-in", "grows from a point", "element", ("zoom", "scale"), is_alone=True),
    TransitionKind("zoom-out", "shrinks from half as large again while it fades", "element", is_alone=True),
    TransitionKind(
        "pop", "grows from a point, a little too far and back", "element", is_moving=False, is_alone=True
    ),  # its motion has an easing of its own
)
TRANSITIONS: Mapping[str, TransitionKind] = {kind.name: kind for kind in _KINDS}
"""Every transition by its name."""

_BY_LETTERS = {name.replace("-", ""): kind for kind in _KINDS for name in (kind.name, *kind.aliases)}


def _read_name(word: str) -> str:
    """Accept names and aliases in any case, with or without hyphens; so `xfade`'s names work too."""
    kind = _BY_LETTERS.get(re.sub(r"[-_ ]", "", word.strip().lower()))
    if kind is None:
        raise wrong_value(
            "is not the name of a transition",
            did_you_mean(word, TRANSITIONS) or f"Transitions are {', '.join(TRANSITIONS)}.",
        )
    return kind.name


_NAME_SCHEMA = WithJsonSchema({"type": "string", "title": "TransitionName", "enum": list(TRANSITIONS)})


class Transition(Node):
    """One transition, at the start or at the end of a layer."""

    type: Annotated[str, AfterValidator(_read_name), _NAME_SCHEMA] = Field(
        description="Name of the transition. Names of FFmpeg's `xfade` effects work too.", examples=["slide-down"]
    )
    duration: float = Field(0.5, gt=0, le=60, description="Length in seconds.", examples=[0.4])
    easing: Easing | None = Field(
        None,
        description="Easing of its progress. Default: `linear` for fades, `ease-out` for what moves in, `ease-in` "
        "for what moves out, `ease-in-out` between two layers.",
        examples=["ease-out"],
    )
    overlap: bool = Field(
        False,
        description="Only in `in`, for a layer that starts after another one: start `duration` earlier and "
        "transition from the other layer to this one.",
        examples=[True],
    )


_TransitionOrName = Annotated[
    Transition,
    BeforeValidator(read_type_shorthand, json_schema_input_type=Transition | Annotated[str, _NAME_SCHEMA]),
]


class Transitions(Node):
    """The transitions of a layer."""

    enter: _TransitionOrName | None = Field(
        None,
        alias="in",
        description="Transition at the layer's start.",
        examples=[{"type": "fade", "duration": 0.4}],
    )
    leave: _TransitionOrName | None = Field(
        None,
        alias="out",
        description="Transition at the layer's end.",
        examples=[{"type": "slide-down", "duration": 0.3}],
    )
