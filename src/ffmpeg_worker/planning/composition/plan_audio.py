"""Plans the audio of a composition: one FFmpeg command for the whole timeline."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.composition.audio_sources import MixInputs
from ffmpeg_worker.planning.composition.volume_envelope import (
    SAMPLE_RATE,
    LineBudget,
    gain_expression,
    linearize,
    to_samples,
    too_many_sounds,
)
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep
from ffmpeg_worker.scene.audio_mix import AudioMix, Fade, Sound
from ffmpeg_worker.scene.curve import Curve, Number

PCM = ("-c:a", "pcm_s16le")
"""Codec arguments for audio that another command encodes."""

_TEMPO_MARGIN = SAMPLE_RATE // 2  # input beyond the end, so that the last window of the stretching is full
# -45 dB is below speech and above most background noise. A quarter of the signal stays dry, which limits the
# reduction to 12 dB; a voice at -20 dB reduces by 10 dB, one at -36 dB by 3 dB. It takes a tenth of a second to
# reduce the volume and one second to restore it.
_DUCK = "sidechaincompress=threshold=0.0056:ratio=20:attack=600:release=1000:detection=peak:mix=0.75"
# -1 dBFS keeps peaks between samples and after lossy coding below full scale.
_LIMIT = "alimiter=limit=0.891251:attack=5:release=50:level=0:latency=1"
_BOTH_SIDES = "pan=stereo|c0=c0|c1=c0"
_MEASURE = "ebur128=framelog=quiet"
_LOUDNESS = re.compile(r"I:\s+(-?\d+(?:\.\d+)?) LUFS")
_SILENT_LUFS = -69.0
_MAX_GAIN_DB = 40.0
# Linux limits one argument of a command to 128 KiB.
_MAX_GRAPH_LENGTH = 120_000


def plan_audio(
    mix: AudioMix, output: str, codec: Sequence[str] = PCM, input_options: Sequence[str] = ()
) -> tuple[FfmpegStep | DependentStep, ...]:
    """Return the commands that mix all sounds into one file: 48 kHz, stereo, exactly as long as the timeline.

    The mix has staged names of files. `output` is relative to the working directory; its suffix determines the
    container. `codec` are FFmpeg's codec arguments, `input_options` stand before every input.

    Returns:
        One step, or two for a loudness target: the second uses the loudness that the first one, directly before it
        in its lane, has measured. None if nothing is audible.

    Raises:
        InvalidJob: more sounds or keyframes than a command line can hold.
    """
    total = to_samples(mix.length_s)
    audible = [sound for sound in mix.sounds if _is_audible(sound, total)]
    if not audible or not total:
        return ()
    graph, mix_inputs = _build_graph(audible, mix.volume, total)
    inputs = mix_inputs.arguments(input_options)
    command = _MixCommand(inputs, graph, mix.length_s, mix.loudness, (*codec,), output)
    if mix.loudness is None:
        return (command.write(0.0),)
    arguments = (*inputs, "-filter_complex", f"{graph},{_MEASURE}[out]", "-map", "[out]", "-f", "null", "-")
    measure = FfmpegStep(Invocation(arguments), expected_s=mix.length_s, keeps_log=True)
    return measure, DependentStep(command.write_at_target)


@dataclass(frozen=True, slots=True)
class _MixCommand:
    """The command that writes a mix; `graph` ends in a chain without label, which is the sum of all sounds."""

    inputs: tuple[str, ...]
    graph: str
    length_s: float
    target: float | None
    codec: tuple[str, ...]
    output: str

    def write(self, gain_db: float) -> FfmpegStep:
        gain = (f"volume={gain_db:.2f}dB",) if gain_db else ()
        total = to_samples(self.length_s)
        end = ",".join((*gain, _LIMIT, f"apad=whole_len={total}", f"atrim=end_sample={total}"))
        outputs = ("-map", "[out]", "-ar", str(SAMPLE_RATE), "-ac", "2", *self.codec)
        bare = ("-map_metadata", "-1", "-map_chapters", "-1")
        arguments = (*self.inputs, "-filter_complex", f"{self.graph},{end}[out]", *outputs, *bare, self.output)
        return FfmpegStep(Invocation(arguments), expected_s=self.length_s)

    def write_at_target(self, results: Sequence[StepResult], _files: StepFiles) -> FfmpegStep:
        """Write with the loudness of the target, measured by the step before."""
        return self.write(0.0 if self.target is None else _gain_db(results[-1], self.target))


def _is_audible(sound: Sound, total: int) -> bool:
    is_within = to_samples(sound.start_s) < total and to_samples(sound.start_s + sound.length_s) > 0
    return is_within and sound.volume != 0 and sound.end_s > sound.begin_s and to_samples(sound.length_s) > 0


def _gain_db(measured: StepResult, target: float) -> float:
    """Return the gain from the measured loudness to the target; silence stays silent."""
    found = _LOUDNESS.findall(measured.log)
    loudness = float(found[-1]) if found else -math.inf
    return min(target - loudness, _MAX_GAIN_DB) if loudness > _SILENT_LUFS else 0.0


def _build_graph(audible: Sequence[Sound], volume: Number, total: int) -> tuple[str, MixInputs]:
    """Return the graph up to the sum of all sounds, whose last chain has no label yet."""
    inputs, budget, leaders = MixInputs(), LineBudget(), _find_leaders(audible)
    followers = _invert(leaders)
    chains: list[str] = []
    length = 0
    for number, sound in enumerate(audible):
        chain = _sound_chain(number, sound, inputs, total, budget)
        chains += _apply_ducking(chain, number, leaders[number], followers[number])
        length += len(chain)
        if length > _MAX_GRAPH_LENGTH:
            raise too_many_sounds()
    ends = "".join(f"[v{number}]" for number in range(len(audible)))
    last = _apply_volume(f"{ends}{_sum(len(audible))}", volume, total, "", budget)
    graph = ";".join((*inputs.chains(), *chains, last))
    if len(graph) > _MAX_GRAPH_LENGTH:
        raise too_many_sounds()
    return graph, inputs


def _sum(count: int) -> str:
    return f"amix=inputs={count}:normalize=0" if count > 1 else "anull"


def _sound_chain(number: int, sound: Sound, inputs: MixInputs, total: int, budget: LineBudget) -> str:
    """Return the chain of a sound up to its ducking."""
    start = to_samples(sound.start_s)
    length = min(to_samples(sound.start_s + sound.length_s), total) - start
    wanted = math.ceil(length * sound.speed) + (_TEMPO_MARGIN if sound.speed != 1 else 0)
    chain = ",".join((inputs.add(sound, wanted), *_tempo(sound.speed), f"atrim=end_sample={length}"))
    chain = _apply_volume(chain, sound.volume, length, f"_{number}", budget)
    chain = _apply_pan(chain, sound.pan, length, f"_{number}", budget)
    for index, fade in enumerate(sound.fades):
        chain = _apply_fade(chain, fade, length, f"f_{number}_{index}")
    return ",".join((chain, *_delay(start)))


def _apply_ducking(chain: str, number: int, leaders: Sequence[int], followers: Sequence[int]) -> Iterator[str]:
    """Yield the chain of a sound, with copies for those that duck under it, and its own ducking.

    They end in the label `[v{number}]`.
    """
    main = f"[m{number}]" if leaders else f"[v{number}]"
    copies = "".join(f"[k{number}_{follower}]" for follower in followers)
    yield f"{chain},asplit={len(followers) + 1}{main}{copies}" if followers else f"{chain}{main}"
    if leaders:
        keys = "".join(f"[k{leader}_{number}]" for leader in leaders)
        yield f"{keys}{_sum(len(leaders))},apad[k{number}]"
        yield f"[m{number}][k{number}]{_DUCK}[v{number}]"


def _find_leaders(audible: Sequence[Sound]) -> list[list[int]]:
    """Return the numbers of the sounds under which each sound ducks."""
    by_id: dict[str | None, list[int]] = {}
    for number, sound in enumerate(audible):
        by_id.setdefault(sound.id, []).append(number)
    return [
        sorted({other for name in sound.duck_under for other in by_id.get(name, ()) if other != number})
        for number, sound in enumerate(audible)
    ]


def _invert(leaders: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the numbers of the sounds that duck under each sound."""
    followers: list[list[int]] = [[] for _ in leaders]
    for number, own in enumerate(leaders):
        for leader in own:
            followers[leader].append(number)
    return followers


def _tempo(speed: float) -> Iterator[str]:
    """Yield the filter that changes the speed and keeps the pitch.

    Rubber Band keeps the times of the file, within 5 ms at half to twice the speed. With `atempo`, sound is up to
    40 ms early and too short.
    """
    if speed != 1:
        yield f"rubberband=tempo={speed:.9g}:transients=crisp:window=short:channels=together"


def _apply_volume(chain: str, volume: Number, length: int, name: str, budget: LineBudget) -> str:
    """Return the chain with its volume."""
    if isinstance(volume, Curve):
        # Evaluating the gain once and copying it to both channels halves the work.
        return _multiply(chain, gain_expression(linearize(volume, budget=budget)), _BOTH_SIDES, length, f"g{name}")
    return chain if volume == 1 else f"{chain},volume={max(volume, 0.0):.9g}"


def _apply_pan(chain: str, pan: Number, length: int, name: str, budget: LineBudget) -> str:
    """Return the chain with one side reduced; in the center nothing changes."""
    if isinstance(pan, Curve):
        sides = (gain_expression(linearize(pan, side, budget)) for side in (_left, _right))
        return _multiply(chain, "|".join(sides), "aformat=channel_layouts=stereo", length, f"p{name}")
    return chain if pan == 0 else f"{chain},pan=stereo|c0={_left(pan):.9g}*c0|c1={_right(pan):.9g}*c1"


def _apply_fade(chain: str, fade: Fade, length: int, label: str) -> str:
    """Return the chain with a fade; `length` is that of the chain in samples."""
    begin, samples = to_samples(fade.begin_s), max(to_samples(fade.length_s), 1)
    if begin >= 0:
        curve = ":curve=qsin" if fade.is_equal_power else ""
        return f"{chain},afade=t={fade.direction}:start_sample={begin}:nb_samples={samples}{curve}"
    # `afade` cannot begin before its stream.
    done = f"clip((n+{-begin})/{samples},0,1)"
    share = done if fade.direction == "in" else f"(1-{done})"
    gain = f"sin(PI/2*{share})" if fade.is_equal_power else share
    return _multiply(chain, gain, _BOTH_SIDES, length, label)


def _left(pan: float) -> float:
    return min(max(1 - pan, 0.0), 1.0)


def _right(pan: float) -> float:
    return _left(-pan)


def _multiply(chain: str, expressions: str, layout: str, length: int, label: str) -> str:
    """Multiply by a gain that is a stream of its own, which costs a quarter of evaluating it within the chain."""
    seconds = math.ceil(length / SAMPLE_RATE) + 1
    gain = f"aevalsrc=exprs='{expressions}':sample_rate={SAMPLE_RATE}:duration={seconds}"
    return f"{chain}[a{label}];{gain},aformat=sample_fmts=fltp,{layout}[{label}];[a{label}][{label}]amultiply"


def _delay(start: int) -> Iterator[str]:
    if start < 0:
        yield f"atrim=start_sample={-start}"
        yield "asetpts=N/SR/TB"
    elif start:
        yield f"adelay=delays={start}S:all=1"
