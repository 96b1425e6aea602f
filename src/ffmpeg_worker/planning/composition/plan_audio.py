"""The sound of a composition, made by one ffmpeg for the whole timeline."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.composition.audio_sources import Sources
from ffmpeg_worker.planning.composition.volume_envelope import SAMPLE_RATE, gain_expression, gain_lines, samples
from ffmpeg_worker.planning.plan import DependentStep, FfmpegStep, Step, StepResult
from ffmpeg_worker.scene.audio_mix import AudioMix, Sound
from ffmpeg_worker.scene.curve import Curve, Number

PCM = ("-c:a", "pcm_s16le")
"""Codec arguments for sound that another command will encode."""

_SPARE = SAMPLE_RATE // 2  # what atempo may want to see behind the end
_SLOWEST, _FASTEST = 0.5, 2.0  # beyond these atempo skips, or refuses
# -45 dB is quieter than voices and louder than most rooms. A quarter stays as it is, so 12 dB are the most; a
# voice at -20 dB takes 10, one at -36 dB takes 3. Down within a tenth of a second, back within one.
_DUCK = "sidechaincompress=threshold=0.0056:ratio=20:attack=600:release=1000:detection=peak:mix=0.75"
# -1 dBFS, so that curves between samples and lossy codecs stay below full scale.
_LIMIT = "alimiter=limit=0.891251:attack=5:release=50:level=0:latency=1"
_MEASURE = "ebur128=framelog=quiet"
_LOUDNESS = re.compile(r"I:\s+(-?\d+(?:\.\d+)?) LUFS")
_SILENT_LUFS = -69.0
_GREATEST_GAIN_DB = 40.0
# One argument of a command holds 128 KiB.
_MOST_CHARACTERS = 120_000


def sound_steps(
    mix: AudioMix, output: str, codec: Sequence[str] = PCM, input_options: Sequence[str] = ()
) -> tuple[Step, ...] | None:
    """Commands that write all that is heard to one file: 48 kHz, stereo, exactly as long as the timeline.

    Args:
        mix: what is heard; files are staged names.
        output: relative to the working directory; its suffix says the container.
        codec: ffmpeg's options for it.
        input_options: what to put in front of every input.

    Returns:
        One step, or two in a row for a loudness target: the second reads what the first, right before it in
        its lane, has measured. `None` if nothing is ever heard.

    Raises:
        InvalidJob: more sounds, or keyframes of their volumes, than a command line holds.
    """
    total = samples(mix.length_s)
    heard = [sound for sound in mix.sounds if _is_heard(sound, total)]
    if not heard or not total:
        return None
    graph, sources = _mixed(heard, mix.volume, total)
    inputs = sources.arguments(input_options)

    def write(gain_db: float) -> FfmpegStep:
        gain = (f"volume={gain_db:.2f}dB",) if gain_db else ()
        end = ",".join((*gain, _LIMIT, f"apad=whole_len={total}", f"atrim=end_sample={total}"))
        outputs = ("-map", "[out]", "-ar", str(SAMPLE_RATE), "-ac", "2", *codec)
        bare = ("-map_metadata", "-1", "-map_chapters", "-1")
        arguments = (*inputs, "-filter_complex", f"{graph},{end}[out]", *outputs, *bare, output)
        return FfmpegStep(Invocation(arguments), expected_s=mix.length_s)

    target = mix.loudness
    if target is None:
        return (write(0.0),)
    arguments = (*inputs, "-filter_complex", f"{graph},{_MEASURE}[out]", "-map", "[out]", "-f", "null", "-")
    measure = FfmpegStep(Invocation(arguments), expected_s=mix.length_s, show_log=True)
    return measure, DependentStep(lambda results: write(_gain_db(results[-1], target)))


def _is_heard(sound: Sound, total: int) -> bool:
    is_within = samples(sound.start_s) < total and samples(sound.start_s + sound.length_s) > 0
    return is_within and sound.volume != 0 and sound.end_s > sound.begin_s and samples(sound.length_s) > 0


def _gain_db(measured: StepResult, target: float) -> float:
    """From what the whole has to what it should have; silence stays silence."""
    found = _LOUDNESS.findall(measured.log)
    loudness = float(found[-1]) if found else -math.inf
    return min(target - loudness, _GREATEST_GAIN_DB) if loudness > _SILENT_LUFS else 0.0


def _mixed(heard: Sequence[Sound], volume: Number, total: int) -> tuple[str, Sources]:
    """The graph up to the sum of all, which is its last chain and has no label yet."""
    sources = Sources()
    voices = [_Voice(number, sound, heard) for number, sound in enumerate(heard)]
    chains = [part for voice in voices for part in voice.chains(sources, total)]
    ends = "".join(f"[v{voice.number}]" for voice in voices)
    last = _louder(f"{ends}{_sum(len(voices))}", volume, total, "")
    graph = ";".join((*sources.chains(), *chains, last))
    if len(graph) > _MOST_CHARACTERS:
        raise InvalidJob(
            "There are more sounds, or more keyframes of their volumes, than one mix can hold.",
            code="too_many_sounds",
            hint="Give volumes fewer keyframes, or join sounds before.",
        )
    return graph, sources


def _sum(count: int) -> str:
    return f"amix=inputs={count}:normalize=0" if count > 1 else "anull"


@dataclass(frozen=True, slots=True)
class _Voice:
    """One sound in its place among all that are heard, ends as `[v{number}]`."""

    number: int
    sound: Sound
    heard: Sequence[Sound]

    def chains(self, sources: Sources, total: int) -> Iterator[str]:
        sound, number = self.sound, self.number
        start = samples(sound.start_s)
        length = min(samples(sound.start_s + sound.length_s), total) - start
        filters = [*_tempo(sound.speed), f"atrim=end_sample={length}"]
        wanted = math.ceil(length * sound.speed) + (_SPARE if sound.speed != 1 else 0)
        chain = ",".join((sources.take(sound, wanted), *filters))
        chain = _louder(chain, sound.volume, length, f"_{number}")
        chain = _turned(chain, sound.pan, length, f"_{number}")
        yield from self._ducked(",".join((chain, *_fades(sound), *_place(start))))

    def _ducked(self, chain: str) -> Iterator[str]:
        """Copies for those that become quieter under it; then what it becomes quieter under."""
        number = self.number
        followers = [other for other, sound in enumerate(self.heard) if self._is_under(other, sound)]
        leaders = [other for other, sound in enumerate(self.heard) if _is_key(sound, self.sound, other, number)]
        main = f"[m{number}]" if leaders else f"[v{number}]"
        copies = "".join(f"[k{number}_{follower}]" for follower in followers)
        yield f"{chain},asplit={len(followers) + 1}{main}{copies}" if followers else f"{chain}{main}"
        if leaders:
            keys = "".join(f"[k{leader}_{number}]" for leader in leaders)
            yield f"{keys}{_sum(len(leaders))},apad[k{number}]"
            yield f"[m{number}][k{number}]{_DUCK}[v{number}]"

    def _is_under(self, other: int, sound: Sound) -> bool:
        return _is_key(self.sound, sound, self.number, other)


def _is_key(leader: Sound, follower: Sound, leader_number: int, follower_number: int) -> bool:
    return leader_number != follower_number and leader.id is not None and leader.id in follower.duck_under


def _tempo(speed: float) -> Iterator[str]:
    """Faster or slower at the same pitch."""
    while speed > _FASTEST or speed < _SLOWEST:
        step = _FASTEST if speed > _FASTEST else _SLOWEST
        yield f"atempo={step:.9g}"
        speed /= step
    if speed != 1:
        yield f"atempo={speed:.9g}"


def _louder(chain: str, volume: Number, length: int, name: str) -> str:
    """The chain with its volume."""
    if isinstance(volume, Curve):
        # Mono, then on both sides: that is half the work.
        return _multiplied(
            chain, gain_expression(gain_lines(volume)), "pan=stereo|c0=c0|c1=c0", length, f"g{name}"
        )
    return chain if volume == 1 else f"{chain},volume={max(volume, 0.0):.9g}"


def _turned(chain: str, pan: Number, length: int, name: str) -> str:
    """One side becomes quieter; in the middle, nothing changes."""
    if isinstance(pan, Curve):
        sides = (gain_expression(gain_lines(pan, side)) for side in (_left, _right))
        return _multiplied(chain, "|".join(sides), "aformat=channel_layouts=stereo", length, f"p{name}")
    return chain if pan == 0 else f"{chain},pan=stereo|c0={_left(pan):.9g}*c0|c1={_right(pan):.9g}*c1"


def _left(pan: float) -> float:
    return min(max(1 - pan, 0.0), 1.0)


def _right(pan: float) -> float:
    return _left(-pan)


def _multiplied(chain: str, expressions: str, layout: str, length: int, label: str) -> str:
    """The gain is a sound of its own: that costs a fourth of evaluating it within the chain."""
    seconds = math.ceil(length / SAMPLE_RATE) + 1
    gain = f"aevalsrc=exprs='{expressions}':sample_rate={SAMPLE_RATE}:duration={seconds}"
    return f"{chain}[a{label}];{gain},aformat=sample_fmts=fltp,{layout}[{label}];[a{label}][{label}]amultiply"


def _fades(sound: Sound) -> Iterator[str]:
    length = samples(sound.length_s)
    fade_in, fade_out = (min(samples(fade), length) for fade in (sound.fade_in_s, sound.fade_out_s))
    if fade_in:
        yield f"afade=t=in:start_sample=0:nb_samples={fade_in}"
    if fade_out:
        yield f"afade=t=out:start_sample={length - fade_out}:nb_samples={fade_out}"


def _place(start: int) -> Iterator[str]:
    if start < 0:
        yield f"atrim=start_sample={-start}"
        yield "asetpts=N/SR/TB"
    elif start:
        yield f"adelay=delays={start}S:all=1"
