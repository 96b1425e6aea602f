"""The example compositions that the package has with it, for people who start with one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.result_parts import ResultModel
from ffmpeg_worker.suggestions import did_you_mean

_INSTALLED = Path(__file__).parent / "examples"
_IN_REPOSITORY = Path(__file__).parents[3] / "examples" / "canvas"
"""Where the wheel takes them from; a package that is installed as a link reads them there."""


class CanvasExample(ResultModel):
    """An example composition."""

    name: str = Field(description="Its name.", examples=["gradient-title"])
    files: tuple[str, ...] = Field(
        description="Files that it uses, relative to the data root.", examples=[["media/hills.mp4"]]
    )


class CanvasExampleList(ResultModel):
    """All example compositions."""

    compositions: tuple[CanvasExample, ...] = Field(
        description="Those that need no files come first.", examples=[[]]
    )


@cache
def example_texts() -> Mapping[str, str]:
    """Return the examples as their authors wrote them, by name."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _IN_REPOSITORY
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.json"))}


@cache
def list_examples() -> CanvasExampleList:
    """Return the examples with the files that they use."""
    found = [
        CanvasExample(name=name, files=tuple(dict.fromkeys(_find_files(json.loads(text)))))
        for name, text in example_texts().items()
    ]
    return CanvasExampleList(compositions=tuple(sorted(found, key=lambda one: (bool(one.files), one.name))))


def find_example(name: str) -> str:
    """Return an example.

    Raises:
        InvalidJob: there is none of that name; with the code `example_not_found`.
    """
    texts = example_texts()
    if name not in texts:
        raise InvalidJob(
            "There is no example composition of that name.",
            code="example_not_found",
            hint=did_you_mean(name, texts) or f"Examples are {', '.join(texts)}.",
        )
    return texts[name]


def _find_files(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(source := value.get("src"), str) and "{{" not in source:
            yield source
        for item in value.values():
            yield from _find_files(item)
    elif isinstance(value, list):
        for item in value:
            yield from _find_files(item)
