"""Scenes on their way into another process, as JSON, and what it finds out about them."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ffmpeg_worker.scene.scene import Scene
from ffmpeg_worker.scene.text_metrics import TextMetrics

_SCENE = TypeAdapter(Scene)
_MEASURED = TypeAdapter(TextMetrics)


def encode_scene(scene: Scene) -> Any:
    """JSON-ready."""
    return _SCENE.dump_python(scene, mode="json")


def decode_scene(message: Any) -> Scene:
    """What `encode_scene` made, also after a way through JSON."""
    return _SCENE.validate_python(message, strict=False)


def encode_text_metrics(measured: TextMetrics) -> bytes:
    """JSON."""
    return _MEASURED.dump_json(measured)


def decode_text_metrics(message: bytes) -> TextMetrics:
    """What `encode_text_metrics` made.

    Raises:
        ValueError: it is something else.
    """
    return _MEASURED.validate_json(message)
