"""Compositions are resolved to audio mixes."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.scene.audio_mix import AudioMix, Sound
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


def test_a_cross_fade_is_heard_too() -> None:
    way = {"in": {"type": "fade", "duration": 0.5, "overlap": True}}
    first = {"type": "video", "src": "film.mp4", "id": "a"}
    second = {"type": "video", "src": "film.mp4", "start": "auto", "transition": way}
    before, after = resolved(first, second).audio.sounds

    assert (before.fade_out_s, after.fade_in_s, after.start_s) == (0.5, 0.5, 9.5)


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
