"""Golden commands of audio mixes, and the linearization of volumes.

`./run rewrite` rewrites the file; git shows what changed.
"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from ffmpeg_worker.composition.easings import EASINGS
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.composition.plan_audio import plan_audio
from ffmpeg_worker.planning.composition.volume_envelope import GainLine, linearize
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep
from ffmpeg_worker.scene.audio_mix import AudioMix, Fade, Sound
from ffmpeg_worker.scene.curve import Curve, Key
from support.media.sounds import sound

GOLDEN = Path(__file__).with_name("golden_canvas_sound.json")
RISE = Curve((Key(0.0, (0.0,)), Key(1.0, (0.6,))))
MEASURED = StepResult(log="[Parsed_ebur128_9] Summary:\n\n  Integrated loudness:\n    I:         -30.5 LUFS\n")

CASES: dict[str, AudioMix] = {
    "one sound": AudioMix((sound(),), 1.0),
    "placed, cut and behind a seek": AudioMix((sound("a.mp3", begin_s=100.5, end_s=130.0, start_s=2.0),), 4.0),
    "Matroska is not sought in": AudioMix((sound("a.mkv", begin_s=100.5, end_s=130.0),), 4.0),
    "volume, fades, pan, speed": AudioMix(
        (
            sound(
                volume=RISE, fades=(Fade("in", 0.0, 0.5), Fade("out", 0.0, 9.0)), pan=-0.25, speed=5.0, end_s=9.0
            ),
        ),
        1.0,
    ),
    "cross-fades, one of which began before the sound": AudioMix(
        (
            sound(
                fades=(
                    Fade("in", -0.5, 2.0, is_equal_power=True),
                    Fade("out", 0.5, 2.0, is_equal_power=True),
                    Fade("out", -1.0, 3.0),
                )
            ),
        ),
        1.0,
    ),
    "panned by keys": AudioMix((sound(pan=RISE),), 1.0),
    "short loop": AudioMix((sound(loops=True, length_s=9.5),), 10.0),
    "long loop": AudioMix((sound(loops=True, end_s=100.0, length_s=250.0),), 250.0),
    "one file twice, opened once": AudioMix((sound(), sound(start_s=3.0, volume=0.5)), 5.0),
    "ducked": AudioMix(
        (sound("v.wav", id="voice"), sound("m.wav", length_s=9.0, end_s=9.0, duck_under=("voice", "none"))), 9.0
    ),
    "loudness": AudioMix((sound(),), 1.0, loudness=-14.0, volume=0.5),
    "from before to behind the timeline": AudioMix((sound(start_s=-0.5, length_s=9.0, end_s=9.0),), 2.0),
    "what is not heard is not opened": AudioMix(
        (sound(), sound("b.wav", volume=0.0), sound("c.wav", start_s=5.0), sound("d.wav", start_s=-1.0)), 5.0
    ),
}


def commands(mix: AudioMix) -> list[str]:
    steps = plan_audio(mix, "sound.mka", input_options=("-protocol_whitelist", "file"))
    built = [step.build([MEASURED], {}) if isinstance(step, DependentStep) else step for step in steps]
    return [shlex.join(step.invocation.arguments) for step in built]


def test_golden() -> None:
    commands_by_case = {name: commands(mix) for name, mix in CASES.items()}
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(commands_by_case, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert commands_by_case == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_where_nothing_is_heard_there_is_no_command() -> None:
    assert plan_audio(AudioMix((), 5.0), "sound.mka") == ()
    assert plan_audio(AudioMix((sound(volume=0.0),), 5.0), "sound.mka") == ()


@pytest.mark.parametrize("log", ["I:         -70.0 LUFS", "I:          -inf LUFS", "nothing"])
def test_silence_is_not_raised_to_a_loudness(log: str) -> None:
    _, write = plan_audio(AudioMix((sound(),), 1.0, loudness=-14.0), "sound.mka")
    assert isinstance(write, DependentStep)
    assert "dB" not in shlex.join(write.build([StepResult(log=log)], {}).invocation.arguments)


def test_straight_keys_are_straight_lines() -> None:
    curve = Curve((Key(0.5, (0.2,)), Key(1.0, (1.2,)), Key(2.0, (0.0,), "hold")))
    assert linearize(curve) == (
        GainLine(0, 0.2),
        GainLine(24_000, 0.2, 1 / 24_000),
        GainLine(48_000, 1.2),
        GainLine(96_000, 0.0),
    )


@pytest.mark.parametrize("easing", [*EASINGS, "steps(12)", "cubic-bezier(0.9, -1, 0.1, 2)"])
def test_an_easing_takes_few_lines(easing: str) -> None:
    assert len(linearize(Curve((Key(0.0, (0.0,)), Key(5.0, (1.0,), easing))))) <= 130


def test_more_keys_than_a_command_holds_are_refused() -> None:
    keys = tuple(Key(float(second), (second % 7 / 7,), "elastic-in-out") for second in range(200))
    with pytest.raises(InvalidJob) as caught:
        plan_audio(AudioMix((sound(volume=Curve(keys), length_s=200.0),), 200.0), "sound.mka")
    assert caught.value.code == "too_many_sounds"


@pytest.mark.parametrize(
    "sounds",
    [
        [sound(volume=Curve(tuple(Key(time / 1e3, (1.0,), "steps(9999)") for time in range(4))))],
        [sound(loops=True, end_s=90.0, length_s=90_100.0)],
    ],
    ids=["steps", "loops"],
)
def test_what_would_be_expanded_too_far_is_refused(sounds: list[Sound]) -> None:
    with pytest.raises(InvalidJob) as caught:
        plan_audio(AudioMix(tuple(sounds), 90_100.0), "sound.mka")
    assert caught.value.code == "too_many_sounds"


def test_sounds_duck_under_all_layers_with_an_id() -> None:
    voices = [sound(id="voice"), sound(id="voice"), sound(id="music", duck_under=("voice", "music", "none"))]
    (step,) = plan_audio(AudioMix(tuple(voices), 5.0), "sound.mka")
    assert isinstance(step, FfmpegStep)
    graph = shlex.join(step.invocation.arguments)
    assert "[k0_2][k1_2]amix" in graph
    assert graph.count("sidechaincompress") == 1
