"""Scenes on their way into another process, as JSON, and what it finds out about them."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ffmpeg_worker.canvas.measured import Measured
from ffmpeg_worker.canvas.scene import Scene

_SCENE = TypeAdapter(Scene)
_MEASURED = TypeAdapter(Measured)


def scene_as_message(scene: Scene) -> Any:
    """JSON-ready."""
    return _SCENE.dump_python(scene, mode="json")


def read_scene(message: Any) -> Scene:
    """What `scene_as_message` made, also after a way through JSON."""
    return _SCENE.validate_python(message, strict=False)


def measured_as_message(measured: Measured) -> bytes:
    """JSON."""
    return _MEASURED.dump_json(measured)


def read_measured(message: bytes) -> Measured:
    """What `measured_as_message` made.

    Raises:
        ValueError: it is something else.
    """
    return _MEASURED.validate_json(message)
