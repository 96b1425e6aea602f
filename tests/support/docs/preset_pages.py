"""The generated parts of docs/presets.md: a table of all presets, and a section for each."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from fractions import Fraction

from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.presets.describe_preset import make_example
from ffmpeg_worker.planning.presets.preset import InputKind, InputSlot, Preset, PresetChain
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.table import PRESETS
from support.docs.field_tables import field_table
from support.docs.gallery import load_gallery

_SECONDS = 20.0
_VIDEO = StreamInfo("video", "h264", _SECONDS, 1920, 1080, Fraction(30), "yuv420p")
_SOUND = StreamInfo("audio", "aac", _SECONDS, sample_rate=48_000, channels=2)
_HDR = StreamInfo(
    "video", "hevc", _SECONDS, 1920, 1080, Fraction(30), color=("tv", "bt2020nc", "smpte2084", "bt2020")
)
_FILM = MediaInfo("mov,mp4,m4a,3gp,3g2,mj2", (_VIDEO, _SOUND), _SECONDS, start_s=0.0)


def presets_list() -> str:
    """The table of all presets."""
    rows = [f"| [`{name}`](#{name}) | {preset.summary} | `{preset.output}` |" for name, preset in PRESETS.items()]
    return "\n".join(["| preset | what it does | default of `output` |", "|---|---|---|", *rows])


def presets_sections() -> str:
    """A section for each preset: its parameters, an example, and the commands that it becomes."""
    return "\n".join(line for preset in PRESETS.values() for line in _section(preset)).rstrip("\n")


def build_example(preset: Preset) -> PresetChain:
    """What the example of a preset becomes for the film that the page describes."""
    parameters = preset.parameters.model_validate(preset.example)
    slots = [slot for slot in preset.slots for _ in range(slot.at_least)]
    inputs = [_input(preset, slot, number) for number, slot in enumerate(slots, start=1)]
    output = preset.output if "." in preset.output else f"{preset.output}.mp4"
    return preset.build(parameters, inputs, output)


def _input(preset: Preset, slot: InputSlot, number: int) -> PresetInput:
    if slot.kind is InputKind.FILE:
        return PresetInput(f"in_{number}", MediaInfo("", ()), "captions.srt")
    media = MediaInfo(_FILM.format_name, (_HDR, _SOUND), _SECONDS) if preset.name == "hdr_to_sdr" else _FILM
    return PresetInput(f"in_{number}", media, "film.mp4")


def _section(preset: Preset) -> Iterator[str]:
    yield from (f"### `{preset.name}`", "", preset.summary, "")
    if recipe := load_gallery("gallery_entries").read_recipes().get(preset.name):
        yield from (f"![{recipe.caption}](images/recipes/{preset.name}.webp)", "")
    for slot in preset.slots:
        count = "" if (slot.at_least, slot.at_most) == (1, 1) else f", {slot.at_least} to {slot.at_most}"
        yield f"- Input `{slot.name}` ({slot.kind}{count}): {slot.meaning}"
    suffixes = ", ".join(f"`{suffix}`" for suffix in preset.suffixes)
    yield f"- Output `{preset.output}`: {suffixes}."
    if preset.writes:
        yield f"- Further results: {preset.writes[0].lower()}{preset.writes[1:]}"
    yield ""
    if preset.parameters.model_fields:
        yield from (field_table(preset.parameters), "")
    yield from ("```json", json.dumps(make_example(preset), ensure_ascii=False), "```", "", "```sh")
    chain = build_example(preset)
    yield from (f"ffmpeg {shlex.join(command)}" for command in chain.commands)
    yield from ("```", "")
    if chain.measured:
        yield "The worker puts what the first command measures into the second one."
        yield ""
