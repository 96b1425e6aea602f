"""Audio mixes of synthetic sounds, made by the embedded ffmpeg and compared sample by sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ffmpeg_worker.scene.audio_mix import AudioMix, Fade, Sound
from ffmpeg_worker.scene.curve import Curve, Key, number_at
from support.extent import IS_FULL
from support.media.sounds import (
    FLOAT,
    RATE,
    Samples,
    loudness,
    pulses,
    read_samples,
    render,
    rms_db,
    sound,
    tone,
    tops,
    write_wav,
)
from support.media.sources import make

LONG_S = 600 if IS_FULL else 120
"""Seconds after which a sound that drifts would be late."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pulses in several sample rates and codecs, tones and noise."""
    made = tmp_path_factory.mktemp("sounds")
    for rate in (RATE, 44_100):
        source = write_wav(made / f"pulses{rate}.wav", pulses(40, rate), rate)
        for name, codec in CODECS.items():
            make(made / f"pulses{rate}{name}", "-i", str(source), *codec)
    write_wav(made / "tone.wav", tone(4))
    write_wav(made / "full.wav", tone(2, peak=1.0))
    write_wav(made / "dc.wav", np.full(8 * RATE, 0.5))
    left_right = np.stack([tone(2, 400), tone(2, 700)], axis=1)
    write_wav(made / "stereo.wav", left_right)
    write_wav(made / "noise.wav", np.random.default_rng(3).uniform(-0.7, 0.7, 6 * RATE))
    return made


CODECS: dict[str, tuple[str, ...]] = {
    ".flac": (),
    ".mp3": ("-q:a", "4"),
    ".m4a": ("-c:a", "aac"),
    ".opus": ("-c:a", "libopus"),
    ".mka": ("-c:a", "flac"),
    ".mkv": ("-c:a", "aac"),
    ".webm": ("-c:a", "libopus"),
}


def mix(*sounds: Sound, length_s: float, **fields: float) -> AudioMix:
    return AudioMix(sounds, length_s, **fields)


@pytest.mark.parametrize("begin_s", [0.0, 3.0, 31.0])
@pytest.mark.parametrize("rate", [RATE, 44_100])
@pytest.mark.parametrize("name", [".wav", *CODECS])
@pytest.mark.sampled(4)
def test_what_is_at_a_sample_of_the_file_is_heard_at_its_sample(
    folder: Path, name: str, rate: int, begin_s: float
) -> None:
    file = f"pulses{rate}{name}"
    placed = sound(file, begin_s=begin_s, end_s=40.0, start_s=2.0, length_s=3.0)
    heard = render(folder, mix(placed, length_s=5.0))
    assert heard.shape == (5 * RATE, 2)
    assert not heard[: 2 * RATE].any()
    assert np.abs(tops(heard[2 * RATE :, 0])).max() < 1


def test_a_start_between_frames_of_the_mix_is_kept_to_the_sample(folder: Path) -> None:
    placed = sound("noise.wav", begin_s=0.25 + 7 / RATE, end_s=6.0, start_s=1 + 13 / RATE, length_s=2.0)
    heard = render(folder, mix(placed, length_s=4.0))[:, 0]
    truth = read_samples(folder / "noise.wav", 1)[:, 0]
    begin = RATE + 13
    assert np.array_equal(heard[begin : begin + 2 * RATE], truth[RATE // 4 + 7 :][: 2 * RATE])
    assert not heard[:begin].any()
    assert not heard[begin + 2 * RATE :].any()


@pytest.mark.parametrize("name", ["late.mov", "late.ts"])
def test_sound_that_begins_after_the_picture_keeps_its_place(folder: Path, name: str) -> None:
    make(
        folder / name,
        *("-f", "lavfi", "-i", "testsrc2=s=64x64:r=30:d=5"),
        *("-itsoffset", "0.25", "-i", str(folder / "pulses48000.wav")),
        *("-t", "5", "-c:a", "pcm_s16le" if name == "late.mov" else "s302m", "-ac", "2", "-strict", "-2"),
    )
    heard = render(folder, mix(sound(name, end_s=5.0, length_s=5.0), length_s=5.0))
    assert tops(heard[RATE // 4 : RATE // 4 + 4 * RATE, 0]) == pytest.approx(0, abs=1)


def test_quiet_sounds_are_added_and_nothing_else_happens_to_them(folder: Path) -> None:
    """The mix is bit-exact at 16 bits: no limiter, no normalization, no dither."""
    parts = [
        sound("stereo.wav", end_s=2.0, length_s=2.0, volume=0.25),
        sound("tone.wav", end_s=4.0, start_s=1.0, length_s=2.0, volume=0.5),
    ]
    heard = render(folder, mix(*parts, length_s=3.0), ("-c:a", "pcm_s16le"))
    truth = np.zeros((3 * RATE, 2))
    truth[: 2 * RATE] += 0.25 * read_samples(folder / "stereo.wav")
    truth[RATE:] += 0.5 * read_samples(folder / "tone.wav", 1)[: 2 * RATE]
    assert np.abs(heard - truth).max() <= 1 / 32768


def test_both_sides_get_all_of_a_mono_sound(folder: Path) -> None:
    heard = render(folder, mix(sound("tone.wav"), length_s=1.0))
    assert rms_db(heard[:, 0]) == pytest.approx(rms_db(tone(1)), abs=0.01)
    assert np.array_equal(heard[:, 0], heard[:, 1])


def test_surround_is_folded_into_two_sides(folder: Path) -> None:
    make(
        folder / "surround.wav",
        *("-f", "lavfi", "-i", "aevalsrc=exprs=0.2*sin(440*2*PI*t)|0|0.2*sin(900*2*PI*t)|0|0|0:c=5.1:d=1:s=48000"),
    )
    heard = render(folder, mix(sound("surround.wav"), length_s=1.0))
    assert rms_db(heard[:, 1]) == pytest.approx(rms_db(tone(1, 900, 0.2 / np.sqrt(2))), abs=0.05)
    assert rms_db(heard[:, 0]) > rms_db(heard[:, 1]) + 4


@pytest.mark.parametrize(
    "keys",
    [
        [(0, 0.0, "linear"), (1, 0.6, "linear"), (3, 0.6, "linear"), (4, 0.0, "linear")],
        [
            (0.5, 0.1, "linear"),
            (2, 1.5, "ease-in-out"),
            (5, 0.2, "cubic-out"),
            (5.5, 0.9, "cubic-bezier(.8,0,.9,.1)"),
        ],
        [(0, 1.0, "linear"), (2, 0.2, "hold"), (4, 1.0, "steps(4)"), (6, 0.0, "expo-in")],
        [(0, 0.2, "linear"), (3, 1.0, "bounce-out"), (7, 0.3, "elastic-out")],
        [(0, 0.5, "linear"), (2, 0.0, "back-in"), (4, 1.0, "back-in-out")],
    ],
)
def test_a_volume_follows_its_keys(folder: Path, keys: list[tuple[float, float, str]]) -> None:
    curve = Curve(tuple(Key(time, (value,), easing) for time, value, easing in keys))
    heard = render(folder, mix(sound("dc.wav", end_s=8.0, start_s=0.5, length_s=8.0, volume=curve), length_s=9.0))
    gain = heard[RATE // 2 : RATE // 2 + 8 * RATE, 0] / (16384 / 32768)
    truth = np.array([max(number_at(curve, n / RATE), 0.0) for n in range(8 * RATE)])
    audible = truth > 0.001
    error_db = np.abs(20 * np.log10(np.maximum(gain[audible], 1e-9) / truth[audible]))
    # A sample beside a jump may have the value before or after it.
    assert np.sort(error_db)[-8] < 0.5
    assert gain[~audible].max(initial=0) < 0.0015


def test_a_straight_volume_is_a_straight_line(folder: Path) -> None:
    curve = Curve((Key(0.0, (0.1,)), Key(2.0, (0.9,)), Key(4.0, (0.3,))))
    heard = render(folder, mix(sound("dc.wav", end_s=8.0, length_s=4.0, volume=curve), length_s=4.0))[:, 0] * 2
    times = np.arange(4 * RATE) / RATE
    assert np.abs(heard - np.interp(times, [0, 2, 4], [0.1, 0.9, 0.3])).max() < 1e-5


def test_fades_are_as_long_as_asked(folder: Path) -> None:
    faded = sound(
        "dc.wav", end_s=8.0, start_s=1.0, length_s=4.0, fades=(Fade("in", 0.0, 1.0), Fade("out", 2.0, 2.0))
    )
    heard = render(folder, mix(faded, length_s=6.0))[RATE : 5 * RATE, 0] * 2
    truth = np.interp(np.arange(4 * RATE) / RATE, [0, 1, 2, 4], [0, 1, 1, 0])
    assert np.abs(heard - truth).max() < 1e-4


@pytest.mark.parametrize("begin_s", [-0.5, 0.0, 0.5])
def test_crossfades_keep_the_power(folder: Path, begin_s: float) -> None:
    """The squares of both gains add up to one at every sample, also where the fade began before the sounds."""
    fades = [Fade(direction, begin_s, 2.0, is_equal_power=True) for direction in ("in", "out")]
    gains = [
        render(folder, mix(sound("dc.wav", end_s=8.0, length_s=3.0, fades=(fade,)), length_s=3.0))[:, 0] * 2
        for fade in fades
    ]
    assert np.abs(np.hypot(*gains) - 1).max() < 1e-3
    at = round((begin_s + 1.0) * RATE)
    assert [gain[at] for gain in gains] == pytest.approx([0.5**0.5] * 2, abs=1e-3)


@pytest.mark.parametrize("speed", [0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2.0, 3.0])
@pytest.mark.sampled(3)
def test_what_is_at_a_time_of_the_file_is_heard_at_its_time(folder: Path, speed: float) -> None:
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, 12 * RATE)
    times = np.arange(12 * RATE) / RATE
    write_wav(folder / "bursts.wav", np.where(times % 1 < 0.3, noise, 0.0))
    length = 12 / speed
    heard = render(folder, mix(sound("bursts.wav", end_s=12.0, length_s=length, speed=speed), length_s=length))
    power = heard[:, 0] ** 2
    late = []
    for second in range(1, 11):
        first, last = (round((second + 0.15 + side) / speed * RATE) for side in (-0.35, 0.35))
        at = np.average(np.arange(first, last), weights=power[first:last])
        late.append(at / RATE - (second + 0.15) / speed)
    assert abs(float(np.mean(late))) < 0.01
    assert float(np.abs(late).max()) < 0.016


def test_a_very_short_sound_may_have_another_speed(folder: Path) -> None:
    short = sound("noise.wav", begin_s=1.0, end_s=1.01, length_s=0.005, speed=2.0)
    heard = render(folder, mix(short, sound("tone.wav", end_s=1.0, length_s=1.0), length_s=1.0))
    assert len(heard) == RATE


@pytest.mark.parametrize("speed", [0.3, 0.5, 1.25, 2.0, 5.0])
@pytest.mark.sampled(3)
def test_speed_keeps_pitch_and_changes_length(folder: Path, speed: float) -> None:
    length = 4 / speed
    heard = render(folder, mix(sound("tone.wav", end_s=4.0, length_s=length, speed=speed), length_s=length + 1))
    playing = heard[: round(length * RATE), 0]
    spectrum = np.abs(np.fft.rfft(playing * np.hanning(len(playing))))
    assert np.argmax(spectrum) * RATE / len(playing) == pytest.approx(1000, abs=3)
    edge = RATE // 20
    assert rms_db(playing[-2 * edge : -edge]) == pytest.approx(rms_db(tone(1)), abs=1.5)
    assert not heard[round(length * RATE) :].any()


@pytest.mark.parametrize(("end_s", "name"), [(2.5, "a few"), (0.1, "many")])
def test_a_loop_starts_again_at_the_very_next_sample(folder: Path, end_s: float, name: str) -> None:
    looped = sound("noise.wav", begin_s=0.05, end_s=end_s, start_s=0.5, length_s=6.0, loops=True)
    heard = render(folder, mix(looped, length_s=6.5))[RATE // 2 :, 0]
    truth = read_samples(folder / "noise.wav", 1)[round(0.05 * RATE) : round(end_s * RATE), 0]
    assert np.array_equal(heard, np.resize(truth, len(heard)))


def test_a_long_loop_starts_again_at_the_very_next_sample(folder: Path) -> None:
    made = write_wav(folder / "long.wav", np.random.default_rng(4).uniform(-0.5, 0.5, 61 * RATE))
    heard = render(folder, mix(sound("long.wav", end_s=60.5, length_s=150.0, loops=True), length_s=150.0))[:, 0]
    truth = read_samples(made, 1)[: round(60.5 * RATE), 0]
    assert np.array_equal(heard, np.resize(truth, len(heard)))


def test_music_goes_down_under_a_voice_and_comes_back(folder: Path) -> None:
    voice = sound("noise.wav", id="voice", end_s=6.0, start_s=3.0, length_s=3.0, volume=0.2)
    music = sound("pad.wav", end_s=10.0, length_s=10.0, duck_under=("voice",))
    write_wav(folder / "pad.wav", tone(10, 300, 0.3))
    alone = render(folder, mix(music, length_s=10.0))[:, 0]
    both = render(folder, mix(voice, music, length_s=10.0))[:, 0]
    spoken = render(folder, mix(voice, length_s=10.0))[:, 0]
    ducked = both - spoken

    def depth(begin: float, end: float) -> float:
        part = slice(round(begin * RATE), round(end * RATE))
        return rms_db(alone[part]) - rms_db(ducked[part])

    assert np.abs(ducked[: 3 * RATE] - alone[: 3 * RATE]).max() < 1e-4
    assert 9 < depth(3.5, 6.0) < 12
    assert depth(8.0, 10.0) < 0.3
    # The level never jumps from one period of the tone to the next.
    periods = ducked[: 10 * RATE // 160 * 160].reshape(-1, 160)
    levels = np.array([rms_db(period) for period in periods])
    assert np.abs(np.diff(levels)).max() < 1.5


def test_those_that_duck_each_other_do_not_wait_for_each_other(folder: Path) -> None:
    first = sound("tone.wav", id="a", duck_under=("b",), end_s=4.0, length_s=4.0)
    second = sound("stereo.wav", id="b", duck_under=("a", "missing"), end_s=2.0, start_s=1.0, length_s=2.0)
    assert render(folder, mix(first, second, length_s=4.0)).shape == (4 * RATE, 2)


@pytest.mark.parametrize(("pan", "left", "right"), [(-1.0, 1.0, 0.0), (0.5, 0.5, 1.0)])
def test_pan_takes_from_one_side(folder: Path, pan: float, left: float, right: float) -> None:
    heard = render(folder, mix(sound("dc.wav", pan=pan), length_s=1.0))
    assert heard[RATE // 2] == pytest.approx([0.5 * left, 0.5 * right], abs=1e-4)


def test_pan_may_move(folder: Path) -> None:
    moving = Curve((Key(0.0, (-1.0,)), Key(4.0, (1.0,))))
    heard = render(folder, mix(sound("dc.wav", end_s=4.0, length_s=4.0, pan=moving), length_s=4.0)) * 2
    places = np.interp(np.arange(4 * RATE) / RATE, [0, 4], [-1, 1])
    assert np.abs(heard[:, 0] - np.clip(1 - places, 0, 1)).max() < 1e-3
    assert np.abs(heard[:, 1] - np.clip(1 + places, 0, 1)).max() < 1e-3


@pytest.mark.parametrize(("target", "volume"), [(-14.0, 0.05), (-23.0, 1.0)])
def test_the_whole_has_the_loudness_asked_for(folder: Path, target: float, volume: float) -> None:
    source = sound("noise.wav", end_s=6.0, length_s=6.0, volume=volume)
    render(folder, mix(source, length_s=6.0, loudness=target))
    assert loudness(folder / "mix.wav")["I"] == pytest.approx(target, abs=0.5)


def test_ten_full_tones_do_not_clip(folder: Path) -> None:
    parts = [sound("full.wav", end_s=2.0, start_s=0.001 * number, length_s=1.9) for number in range(10)]
    heard = render(folder, mix(*parts, length_s=2.0))
    assert 0.8 < np.abs(heard).max() <= 0.892
    assert loudness(folder / "mix.wav")["peak"] <= -0.5
    # A clipped sine would have odd harmonics at -10 to -20 dB.
    middle = heard[RATE // 2 : RATE // 2 + RATE, 0]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(RATE)))
    assert 20 * np.log10(spectrum[2990:3010].max() / spectrum[990:1010].max()) < -40


def test_the_volume_of_the_whole_may_change(folder: Path) -> None:
    curve = Curve((Key(0.0, (0.0,)), Key(2.0, (1.0,))))
    heard = render(folder, AudioMix((sound("dc.wav", end_s=4.0, length_s=2.0),), 3.0, volume=curve))[:, 0] * 2
    assert np.abs(heard[: 2 * RATE] - np.arange(2 * RATE) / (2 * RATE)).max() < 1e-4
    assert not heard[2 * RATE :].any()


def test_a_sound_that_began_before_the_timeline_is_heard_from_its_middle(folder: Path) -> None:
    early = sound("noise.wav", end_s=6.0, start_s=-1.5, length_s=3.0)
    heard = render(folder, mix(early, length_s=2.0))[:, 0]
    truth = read_samples(folder / "noise.wav", 1)[round(1.5 * RATE) : 3 * RATE, 0]
    assert np.array_equal(heard[: len(truth)], truth)
    assert not heard[len(truth) :].any()


def test_sixty_four_sounds_of_one_file_come_together(folder: Path) -> None:
    parts = [
        sound("noise.wav", begin_s=0.01 * number, end_s=3.0, start_s=0.1 * number, length_s=1.0, volume=0.1)
        for number in range(64)
    ]
    heard = render(folder, mix(*parts, length_s=8.0))[:, 0]
    source = read_samples(folder / "noise.wav", 1)[:, 0]
    truth: Samples = np.zeros(8 * RATE)
    for number in range(64):
        start, begin = round(0.1 * number * RATE), round(0.01 * number * RATE)
        truth[start : start + RATE] += 0.1 * source[begin : begin + RATE]
    assert np.abs(truth).max() < 0.89
    assert np.abs(heard - truth).max() < 1e-5


def test_beeps_stay_where_they_are_for_minutes(folder: Path) -> None:
    beep = write_wav(folder / "beep.wav", pulses(1))
    beeps = [sound(beep.name, start_s=float(second), end_s=1.0) for second in range(0, LONG_S, 10)]
    track = sound("minutes.wav", begin_s=0.0, end_s=float(LONG_S), length_s=float(LONG_S), volume=0.05)
    made = pulses(LONG_S)
    made.reshape(-1, 10 * RATE)[:, :RATE] = 0
    write_wav(folder / "minutes.wav", made)
    heard = render(folder, mix(track, *beeps, length_s=float(LONG_S)), FLOAT)
    assert heard.shape == (LONG_S * RATE, 2)
    assert np.abs(tops(heard[:, 0])).max() < 1
