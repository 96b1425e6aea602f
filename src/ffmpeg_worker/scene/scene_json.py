"""Scenes and text metrics as JSON, for the renderer process."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ffmpeg_worker.scene.scene import Scene
from ffmpeg_worker.scene.text_metrics import TextMetrics

_SCENE = TypeAdapter(Scene)
_METRICS = TypeAdapter(TextMetrics)


def encode_scene(scene: Scene) -> Any:
    """Convert a scene to JSON-compatible values."""
    return _SCENE.dump_python(scene, mode="json")


def decode_scene(message: Any) -> Scene:
    """Invert `encode_scene`, also after a trip through JSON."""
    return _SCENE.validate_python(message, strict=False)


def encode_text_metrics(metrics: TextMetrics) -> bytes:
    """Convert metrics to JSON."""
    return _METRICS.dump_json(metrics)


def decode_text_metrics(message: bytes) -> TextMetrics:
    """Invert `encode_text_metrics`.

    Raises:
        ValueError: the message is something else.
    """
    return _METRICS.validate_json(message)
