"""Compositions are resolved to audio mixes."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.scene.audio_mix import AudioMix, Fade, Sound
from ffmpeg_worker.scene.curve import Curve, Key
from support.jobs.compositions import resolved


def test_clips_and_tracks_are_heard_where_they_are_seen() -> None:
    volume = [{"time": 0, "value": 0}, {"time": 1, "value": 0.6}]
    clip = {"id": "voice", "type": "video", "src": "film.mp4", "start": 0.52, "trim": {"start": 2}, "speed": 2}
    music = {"type": "audio", "src": "song.mp3", "duration": "end", "volume": volume, "duck_under": ["voice"]}
    mix = resolved(clip, music, audio={"loudness": -14}).audio

    assert mix == AudioMix(
        (
            # From the time of the first frame that shows it.
            Sound("layers[0]", "voice", "in/film.mp4", 2.0, 10.0, 0.5, 4.0, speed=2.0),
            Sound(
                "layers[1]",
                None,
                "in/song.mp3",
                0.0,
                60.0,
                0.0,
                4.52,
                volume=Curve((Key(0, (0,)), Key(1, (0.6,)))),
                duck_under=("voice",),
            ),
        ),
        length_s=4.5,
        loudness=-14.0,
    )


def test_sounds_in_groups_move_with_the_group() -> None:
    inner = {"type": "video", "src": "film.mp4", "start": 1, "loop": True}
    group = {"type": "group", "start": 2, "duration": 3, "opacity": 0.5, "layers": [inner]}
    (sound,) = resolved(group, duration=9).audio.sounds

    assert (sound.where, sound.start_s, sound.length_s, sound.loops) == ("layers[0].layers[0]", 3.0, 2.0, True)


OVERLAP = {"in": {"type": "fade", "duration": 0.5, "overlap": True}}


def test_a_crossfade_is_heard_too() -> None:
    first = {"type": "video", "src": "film.mp4", "id": "a"}
    second = {"type": "video", "src": "film.mp4", "start": "auto", "transition": OVERLAP}
    before, after = resolved(first, second).audio.sounds

    assert before.fades == (Fade("out", 9.5, 0.5, is_equal_power=True),)
    assert after.fades == (Fade("in", 0.0, 0.5, is_equal_power=True),)
    assert after.start_s == 9.5


def test_groups_that_crossfade_fade_all_their_sounds() -> None:
    late = {"type": "audio", "src": "song.mp3", "start": 0.25, "duration": 3, "fade_in": 0.5}
    film = {"type": "video", "src": "film.mp4", "trim": {"end": 4}}
    first = {"type": "group", "duration": 4, "layers": [film]}
    inner = {"type": "group", "layers": [film, late]}
    second = {"type": "group", "start": "auto", "duration": 4, "layers": [inner], "transition": OVERLAP}
    before, after, song = resolved(first, second).audio.sounds

    assert before.fades == (Fade("out", 3.5, 0.5, is_equal_power=True),)
    assert after.fades == (Fade("in", 0.0, 0.5, is_equal_power=True),)
    assert song.fades == (Fade("in", 0.0, 0.5), Fade("in", -0.25, 0.5, is_equal_power=True))


def test_sounds_that_are_not_heard_during_the_crossfade_of_their_group_do_not_fade() -> None:
    sounds = [{"type": "audio", "src": "song.mp3", "start": start, "duration": 1} for start in (0, 1.5)]
    first = {"type": "group", "duration": 4, "layers": sounds}
    second = {"type": "group", "start": "auto", "duration": 4, "layers": sounds, "transition": OVERLAP}

    assert [bool(sound.fades) for sound in resolved(first, second).audio.sounds] == [False, False, True, False]


def test_fades_of_a_layer_are_within_its_sound() -> None:
    song = {"type": "audio", "src": "song.mp3", "duration": 2, "fade_in": 5, "fade_out": 0.5}
    (sound,) = resolved(song, {"type": "shape", "duration": 9}).audio.sounds

    assert sound.fades == (Fade("in", 0.0, 2.0), Fade("out", 1.5, 0.5))


def test_silence_is_no_sound() -> None:
    layers: list[dict[str, Any]] = [
        {"type": "video", "src": "silent.mp4"},
        {"type": "video", "src": "film.mp4", "muted": True},
        {"type": "video", "src": "film.mp4", "volume": 0},
    ]

    assert resolved(*layers).audio.sounds == ()


def test_a_track_does_not_outlast_its_file() -> None:
    shape = {"type": "shape", "duration": 90}
    (song,) = resolved(
        shape, {"type": "audio", "src": "song.mp3", "trim": {"start": 20}, "duration": "end"}
    ).audio.sounds

    assert song.length_s == 40.0


@pytest.mark.parametrize(("more", "length", "loops"), [({}, 1.0, True), ({"duration": 4}, 4.0, True)])
def test_a_generated_sound_lasts_as_long_as_its_layer(more: dict[str, Any], length: float, loops: bool) -> None:
    tone = {"type": "audio", "src": "tone:440", **more}
    (sound,) = resolved(tone, duration=9).audio.sounds
    assert (sound.length_s, sound.loops, sound.end_s) == (length, loops, 1.0)
