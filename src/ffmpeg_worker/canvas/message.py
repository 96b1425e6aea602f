"""Scenes on their way into another process, as JSON."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ffmpeg_worker.canvas.scene import Scene

_SCENE = TypeAdapter(Scene)


def scene_as_message(scene: Scene) -> Any:
    """JSON-ready."""
    return _SCENE.dump_python(scene, mode="json")


def read_scene(message: Any) -> Scene:
    """What `scene_as_message` made, also after a way through JSON."""
    return _SCENE.validate_python(message, strict=False)
