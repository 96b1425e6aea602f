"""Makes the commands of a preset for inputs whose media are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.command.parse_commands import Commands
from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.given_parameters import GivenParameters
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.job.problem import error_from_problem
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.commands.read_chain import Chain, read_chain
from ffmpeg_worker.planning.placed_files import BundledFonts
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.presets.encodings import suffix_of
from ffmpeg_worker.planning.presets.find_preset import find_preset
from ffmpeg_worker.planning.presets.preset import InputKind, MeasuredArgument, Preset, PresetChain
from ffmpeg_worker.planning.presets.preset_call import NamedInput, PresetCall
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.read_preset import Inputs
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep


@dataclass(frozen=True, slots=True)
class PlannedPreset:
    """The commands of a preset, and what it adds to the lane that runs them."""

    chain: Chain
    made: PresetChain

    def complete(self, lane: Lane) -> Lane:
        """Add the texts that the preset writes, its warnings, and the arguments that follow from measurements."""
        steps = [self._complete(step, number) for number, step in enumerate(lane.steps)]
        texts = {text.name for text in self.made.texts}
        artifacts = tuple(
            replace(artifact, is_media=False) if artifact.name in texts else artifact
            for artifact in lane.artifacts
        )
        fallback = lane.cpu_fallback
        return replace(
            lane,
            steps=tuple(steps),
            font_folders=lane.font_folders - {self.made.fonts or ""},
            artifacts=(*artifacts, *(Artifact(name, name, is_media=False) for name in sorted(texts))),
            warnings=(*lane.warnings, *self.made.warnings),
            cpu_fallback=None if fallback is None else self.complete(fallback),
        )

    def _complete(self, step: Any, number: int) -> Any:
        if not isinstance(step, FfmpegStep):
            return step
        if number == 0:
            fonts = () if self.made.fonts is None else (BundledFonts(self.made.fonts),)
            step = replace(step, setup=(*step.setup, *self.made.texts, *fonts))
        arguments = tuple(one for one in self.made.measured if one.command == step.command)
        return DependentStep(_Measured(step, arguments)) if arguments else step


@dataclass(frozen=True, slots=True)
class _Measured:
    """Puts what was measured into the arguments of a step."""

    step: FfmpegStep
    arguments: tuple[MeasuredArgument, ...]

    def __call__(self, results: Sequence[StepResult], _files: StepFiles) -> FfmpegStep:
        measurements = [one for result in results for one in result.measurements]
        chosen = {one.written: one.choose(measurements) for one in self.arguments}
        arguments = tuple(chosen.get(token, token) for token in self.step.invocation.arguments)
        return replace(self.step, invocation=Invocation(arguments))


def plan_preset(call: PresetCall, inputs: Inputs, files: LocalFiles, machine: Machine) -> PlannedPreset:
    """Make the commands of a preset.

    Raises:
        SourceUnreadable: an input is not what the preset needs.
        InvalidJob: a parameter does not fit the inputs.
        ForbiddenOption: a preset of the operator has what no command may have.
    """
    preset = find_preset(call.name, machine.operator_presets)
    sources = [_look_at(one, preset, files) for one in call.inputs]
    output = call.output or _default_output(preset, sources)
    given = GivenParameters({}, call.at, call.nested)
    try:
        made = preset.build(call.parameters, sources, output)
    except InvalidJob as error:
        raise _place(error, given) from None
    texts = {text.name for text in made.texts}
    outputs = tuple(name for name in made.outputs if name not in texts)
    chain = read_chain(Commands(made.commands), outputs, inputs, option_policy=machine.option_policy)
    return PlannedPreset(chain, made)


def _place(error: InvalidJob, given: GivenParameters) -> InvalidJob:
    """The error with the JSON path of its parameter."""
    placed = error.copy()
    field = error.where.get("field")
    if isinstance(field, str):
        path = given.path_of(field)
        placed.where["field"] = path
        placed.message = error.message.replace(f'"{field}" is', f'"{path}" is', 1)
        placed.args = (placed.message,)
    return placed


def _default_output(preset: Preset, sources: Sequence[PresetInput]) -> str:
    """The name of the main result of a job that names none."""
    if suffix_of(preset.output) or not preset.suffixes:
        return preset.output
    suffix = sources[0].suffix if sources else ""
    if suffix not in preset.suffixes:
        suffix = ".mp4" if sources and sources[0].has_video else ".m4a"
    return f"{preset.output}{suffix}"


def _look_at(named: NamedInput, preset: Preset, files: LocalFiles) -> PresetInput:
    """An input with its media facts.

    Raises:
        WorkerError: why it could not be fetched.
        SourceUnreadable: it lacks what the preset needs.
    """
    failed: WorkerError | None = error_from_problem(files.failed[named.key]) if named.key in files.failed else None
    if failed is not None:
        raise failed
    file = files[named.key]
    media = file.media or MediaInfo("", ())
    found = PresetInput(named.key, media, file.staged)
    if named.kind in {InputKind.FILE, InputKind.ANY}:
        return found
    if file.media is None or media.other_kind is not None:
        what = media.other_kind or "no media file that can be read"
        raise found.unreadable(
            f'The preset "{preset.name}" needs {_kind_in_words(named.kind)}, and "{named.key}" is {what}.',
            "Send a video, sound or picture in a usual format.",
        )
    if named.kind is InputKind.VIDEO and not found.has_video:
        raise _lacks(found, preset, "video", "no_video_stream")
    if named.kind is InputKind.AUDIO and not found.has_audio:
        raise _lacks(found, preset, "sound", "no_audio_stream")
    if named.kind is InputKind.MEDIA and not (found.has_video or found.has_audio):
        raise _lacks(found, preset, "video or sound", "no_video_stream")
    return found


def _kind_in_words(kind: InputKind) -> str:
    return {InputKind.VIDEO: "a video", InputKind.AUDIO: "a file with sound"}.get(kind, "a video or sound")


def _lacks(found: PresetInput, preset: Preset, what: str, code: str) -> WorkerError:
    has = "a picture" if found.has_video else "sound" if found.has_audio else ""
    only = f", only {has}" if has else ""
    return found.unreadable(
        f'The preset "{preset.name}" needs {what}, and "{found.key}" has none{only}.',
        "Send another file, or use another preset.",
        code=code,
    )
