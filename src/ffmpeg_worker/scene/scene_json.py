"""Scenes and text metrics as JSON, for the renderer process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from ffmpeg_worker.scene.scene import Scene
from ffmpeg_worker.scene.text_metrics import TextMetrics

_SCENE = TypeAdapter(Scene)
_METRICS = TypeAdapter(TextMetrics)


@dataclass(frozen=True, slots=True)
class EncodedScene:
    """A scene in JSON: for a process that passes it on, one text is less work than its thousands of objects."""

    text: bytes


def encode_scene(scene: Scene | EncodedScene) -> Any:
    """Convert a scene to JSON-compatible values; one that is JSON already stays as it is."""
    return scene if isinstance(scene, EncodedScene) else _SCENE.dump_python(scene, mode="json")


def encode_order(order: Mapping[str, Any]) -> bytes:
    """Convert an order for the renderer to JSON; its `scene`, if it has one, comes from `encode_scene`."""
    if "scene" not in order:
        return json.dumps(order).encode()
    scene = order["scene"]
    text = scene.text if isinstance(scene, EncodedScene) else json.dumps(scene).encode()
    others = json.dumps({key: value for key, value in order.items() if key != "scene"}).encode()
    return b'{"scene":' + text + b"," + others[1:]


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
