"""The parameters in a value such as that of `-x264-params`, and what their encoder does with each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from ffmpeg_worker.planning.option_policy.encoder_parameter_names import (
    ALTERNATIVES,
    FILE_PARAMETERS,
    INPUT_FILE_PARAMETERS,
    NAMES_BY_OPTION,
    NON_FILE_WORDS,
)

_ZONES = frozenset({"q", "b"})
_IS_ESCAPED = re.compile(r"['\"\\]")


class ParameterUse(Enum):
    """The way in which an encoder uses the value of a parameter."""

    PLAIN = auto()
    """It is a number, a mode or a list of numbers."""
    READ = auto()
    """It names a file that the encoder reads."""
    FILE = auto()
    """It names another file, and is not accepted."""
    ESCAPED = auto()
    """Quotation marks and backslashes hide where parameters end, and are not accepted."""
    UNKNOWN = auto()
    """The encoder is not known to have it, and it is not accepted."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter in the value of an option such as `-x264-params`."""

    key: str
    value: str
    use: ParameterUse

    @property
    def instead(self) -> str:
        """Advice: the alternative to a parameter that names a file."""
        return ALTERNATIVES.get(self.key.removeprefix("no-"), "Leave it out, or use the encoder's options.")


def read_parameters(option: str, value: str) -> Iterator[Parameter]:
    """The parameters in the value of `option`. A value with quotation marks or backslashes counts as one."""
    if _IS_ESCAPED.search(value):
        yield Parameter("a quotation mark or backslash", value, ParameterUse.ESCAPED)
        return
    for pair in value.split("," if option == "kvazaar-params" else ":"):
        key, _, text = pair.partition("=")
        if key.strip():
            yield Parameter(key.strip(), text.strip(), _find_use(option, key.strip(), text.strip()))


def find_files_to_read(option: str, value: str) -> Iterator[str]:
    """Names of files in the value of `option` that the encoder reads; none where it holds no parameters."""
    if option in INPUT_FILE_PARAMETERS:
        found = (parameter for parameter in read_parameters(option, value) if parameter.value)
        yield from (parameter.value for parameter in found if parameter.use is ParameterUse.READ)


def known_parameters(option: str) -> frozenset[str]:
    """Names of the parameters that `option` may hold."""
    return NAMES_BY_OPTION[option] | frozenset(INPUT_FILE_PARAMETERS.get(option, ()))


def _find_use(option: str, key: str, value: str) -> ParameterUse:
    # Only x264 and x265 take underscores for dashes.
    name = key.replace("_", "-") if option.startswith("x26") else key
    if name in INPUT_FILE_PARAMETERS.get(option, ()):
        return ParameterUse.READ
    positive = name.removeprefix("no-")
    if positive in FILE_PARAMETERS or (value and name in NON_FILE_WORDS and value not in NON_FILE_WORDS[name]):
        return ParameterUse.FILE
    keys = NAMES_BY_OPTION[option]
    if key not in keys and name not in keys and positive not in keys:
        return ParameterUse.UNKNOWN
    return _find_use_in_zones(option, value) if name == "zones" else ParameterUse.PLAIN


def _find_use_in_zones(option: str, value: str) -> ParameterUse:
    """The worst use among the parameters in zones, such as `0,100,q=20,me=dia/200,300,b=2`."""
    for item in re.split("[,/]", value):
        key, sign, text = item.partition("=")
        if sign and key.strip() not in _ZONES:
            use = _find_use(option, key.strip(), text.strip()) if key.strip() != "zones" else ParameterUse.UNKNOWN
            if use is not ParameterUse.PLAIN:
                return ParameterUse.FILE
    return ParameterUse.PLAIN
