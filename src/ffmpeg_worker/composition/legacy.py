"""Converts the legacy schema of compositions, `dimensions` and `nodes`, to the current one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.composition.json_path import Location, Origins
from ffmpeg_worker.composition.layers import LAYER_MODELS
from ffmpeg_worker.composition.media_layers import AudioFields
from ffmpeg_worker.composition.node import canonical_key, snake_case
from ffmpeg_worker.composition.text_style import TextStyle
from ffmpeg_worker.loose_values import LooseValue, is_blank, read_number
from ffmpeg_worker.reading_notes import Reading

_SHAPES = frozenset({"rect", "rectangle", "circle", "ellipse", "line", "polygon", "star"})
_TEXT_WORDS = {"content": "text", "font_color": "color", "fill": "color", "background_color": "background"}
_BOXES = frozenset({"position", "size", "dimensions"})
_TIMES = frozenset({"start_time", "end_time", "trim_start", "trim_end", "fade_in", "fade_out"})


def is_legacy(value: Mapping[str, Any]) -> bool:
    """Whether a composition uses the legacy schema."""
    return "nodes" in value or "dimensions" in value


def convert_legacy(value: Mapping[str, Any], found: list[LooseValue]) -> tuple[dict[str, Any], Origins]:
    """Return the composition in the current schema, and the origin of each part; invalid parts stay invalid.

    Loose values of keys that only the legacy schema has are added to `found`, with their original locations.
    """
    composition: dict[str, Any] = {}
    origins: Origins = {}
    for key, item in value.items():
        if key == "dimensions" and is_blank(item):
            found.append(LooseValue((key,), Reading.NOT_GIVEN))
        elif key == "dimensions" and isinstance(item, dict):
            composition |= item
            origins |= {(inner,): (key, inner) for inner in item}
        elif key == "nodes":
            composition["layers"] = item
            origins["layers",] = (key,)
            if isinstance(item, list):
                composition["layers"] = [
                    convert_legacy_layer(node, ("layers", index), ("nodes", index), origins, found)
                    for index, node in enumerate(item)
                ]
        else:
            composition[key] = item
    return composition, origins


def convert_legacy_layer(
    node: Any, location: Location, origin: Location, origins: Origins, found: list[LooseValue]
) -> Any:
    """Return a node as a layer; `location` is its place in the current schema, `origin` that in the original."""
    origins[location] = origin
    return _LegacyLayer(node, location, origins, found).read(origin) if isinstance(node, dict) else node


class _LegacyLayer:
    def __init__(
        self, node: Mapping[str, Any], location: Location, origins: Origins, found: list[LooseValue]
    ) -> None:
        kind = node.get("type")
        self._kind = kind.lower() if isinstance(kind, str) else kind
        self._node, self._location, self._origins, self._found = node, location, origins, found
        self._layer: dict[str, Any] = {"type": kind} if "type" in node else {}
        self._times: dict[str, Any] = {}

    def read(self, origin: Location) -> dict[str, Any]:
        if isinstance(self._kind, str) and self._kind in _SHAPES:
            self._put(("shape",), self._kind, (*origin, "type"))
            self._kind = "shape"
        if "type" in self._node:
            self._layer["type"] = self._kind
        for key, item in self._node.items():
            if key == "config" and isinstance(item, dict):
                for inner, inner_item in item.items():
                    self._read_field(inner, inner_item, (*origin, key, inner))
            elif key != "type":
                self._read_field(key, item, (*origin, key))
        self._set_duration()
        return self._layer

    def _read_field(self, key: str, item: Any, origin: Location) -> None:
        plain = snake_case(key)
        if is_blank(item) and (plain in _BOXES or plain in _TIMES or plain == "config"):
            self._found.append(LooseValue(origin, Reading.NOT_GIVEN))
            return
        number = read_number(item) if plain in _TIMES else None
        if number is not None:
            self._found.append(LooseValue(origin, Reading.NUMBER))
            item = number
        if plain in _BOXES and isinstance(item, dict):
            for inner, value in item.items():
                self._put((inner,), value, (*origin, inner))
        elif plain in {"start_time", "end_time"}:
            self._times[plain] = item
            self._put(("start" if plain == "start_time" else "duration",), item, origin)
        elif plain in {"trim_start", "trim_end"}:
            self._put(("trim", plain[5:]), item, origin)
        elif plain in {"fade_in", "fade_out"} and not self._has_sound:
            self._put(("transition", plain[5:], "duration"), item, origin)
            self._put(("transition", plain[5:], "type"), "fade", origin)
        elif self._kind in ("text", "subtitles"):
            self._read_text_field(key, item, origin)
        else:
            self._put((key,), item, origin)

    def _read_text_field(self, key: str, item: Any, origin: Location) -> None:
        """Move fields of the style, which the legacy schema has beside the text, into `style`."""
        plain = _TEXT_WORDS.get(snake_case(key), key)
        if plain == "background" and isinstance(item, str):
            item = {"color": item}
        if plain == "style" and isinstance(item, dict):
            for inner, value in item.items():
                self._put(("style", canonical_key(TextStyle, inner) or inner), value, (*origin, inner))
        elif canonical_key(LAYER_MODELS[str(self._kind)], plain) is None and canonical_key(TextStyle, plain):
            self._put(("style", canonical_key(TextStyle, plain) or plain), item, origin)
        else:
            self._put((plain,), item, origin)

    @property
    def _has_sound(self) -> bool:
        model = LAYER_MODELS.get(self._kind) if isinstance(self._kind, str) else None
        return model is not None and issubclass(model, AudioFields)

    def _set_duration(self) -> None:
        """Turn an end time into a duration."""
        end, start = self._times.get("end_time"), self._times.get("start_time", 0)
        if _is_number(end) and _is_number(start):
            self._layer["duration"] = max(end - start, 0)

    def _put(self, path: tuple[str, ...], item: Any, origin: Location) -> None:
        target = self._layer
        for key in path[:-1]:
            if not isinstance(target.get(key), dict):
                target[key] = {}
            target = target[key]
        target[path[-1]] = item
        self._origins[*self._location, *path] = origin


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
