"""Reads compose.yaml, to start its processes without containers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

COMPOSE = Path(__file__).parents[2] / "compose.yaml"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")


@dataclass(frozen=True)
class Service:
    """A service: what its containers run, with its variables filled in, and how many there are."""

    command: list[str]
    environment: dict[str, str]
    replicas: int


def read_services(variables: Mapping[str, str], addresses: Mapping[str, str]) -> dict[str, Service]:
    """The services of compose.yaml.

    Args:
        variables: values of the variables that the file asks for; the others have its defaults.
        addresses: where a process finds what a container finds under a name, such as `database:5432`.
    """
    services: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]

    def fill(text: Any) -> str:
        filled = _VARIABLE.sub(lambda found: _value_of(found, variables), str(text))
        for name, address in addresses.items():
            filled = filled.replace(name, address)
        return filled

    return {
        name: Service(
            [fill(word) for word in service.get("command", ())],
            {key: fill(value) for key, value in service.get("environment", {}).items()},
            service.get("deploy", {}).get("replicas", 1),
        )
        for name, service in services.items()
    }


def _value_of(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name, default = found[1], found[2]
    if name in variables:
        return variables[name]
    assert default is not None, f"compose.yaml needs {name}"
    return default
