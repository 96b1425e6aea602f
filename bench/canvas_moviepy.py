"""The compared composition in MoviePy 2, in its own environment: FOLDER WIDTH HEIGHT FONT OUTPUT."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from moviepy import (
    AudioFileClip,
    CompositeAudioClip,
    CompositeVideoClip,
    ImageClip,
    TextClip,
    VideoFileClip,
    afx,
    vfx,
)
from PIL import Image, ImageDraw

SECONDS = 10
CAPTIONS = ("Every word of this", "changes twice", "in four seconds", "and then again", "until it ends")


def main(folder: str, width: int, height: int, font: str, output: str) -> None:
    """Render it with the same encoder settings as the others."""
    short = min(width, height)
    one = _cover(VideoFileClip(f"{folder}/one.mp4").without_audio(), width, height)
    one = one.with_effects([vfx.Loop(duration=7)])
    two = _cover(VideoFileClip(f"{folder}/two.mp4"), width, height).without_audio().subclipped(0, 4)
    two = two.with_start(6).with_effects([vfx.CrossFadeIn(1)])
    fades = [vfx.CrossFadeIn(0.5), vfx.CrossFadeOut(0.5)]
    logo = ImageClip(f"{folder}/logo.png").resized(width=short // 6).with_opacity(0.7)
    logo = logo.with_duration(9).with_start(0.5).with_position((0.04, 0.06), relative=True).with_effects(fades)
    layers = [one, two, _picture_in_picture(folder, width, height), logo]
    layers += _title(font, width, height, fades)
    for number, text in enumerate(CAPTIONS):
        caption = TextClip(
            font, text, font_size=short // 16, color="white", bg_color=(0, 0, 0, 180), margin=(20, 8)
        )
        layers.append(
            caption.with_start(2 * number)
            .with_duration(2)
            .with_position(("center", int(height * 0.88) - short // 16))
        )
    music = AudioFileClip(f"{folder}/music.m4a").subclipped(0, SECONDS)
    music = music.with_effects([afx.MultiplyVolume(0.6), afx.AudioFadeIn(1), afx.AudioFadeOut(2)])
    film = CompositeVideoClip(layers, size=(width, height)).with_duration(SECONDS)
    # Once, not looped as the others have it: its looped sound fails between two samples.
    own = AudioFileClip(f"{folder}/one.mp4").with_effects([afx.MultiplyVolume(0.4)])
    film = film.with_audio(CompositeAudioClip([own, music]))
    film.write_videofile(
        output,
        fps=30,
        codec="libx264",
        preset="veryfast",
        audio_codec="aac",
        ffmpeg_params=["-crf", "20", "-pix_fmt", "yuv420p"],
        logger=None,
    )


def _cover(clip: Any, width: int, height: int) -> Any:
    scale = max(width / clip.w, height / clip.h)
    return clip.resized(scale).cropped(
        x_center=clip.w * scale / 2, y_center=clip.h * scale / 2, width=width, height=height
    )


def _picture_in_picture(folder: str, width: int, height: int) -> Any:
    clip = VideoFileClip(f"{folder}/two.mp4").without_audio().subclipped(0, 8).resized(width=int(width * 0.32))
    mask = Image.new("L", (clip.w, clip.h), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, clip.w - 1, clip.h - 1), 24, fill=255)
    clip = clip.with_mask(ImageClip(np.asarray(mask) / 255.0, is_mask=True, duration=8))

    def place(t: float) -> tuple[float, float]:
        share = 1 - (1 - min(t / 0.8, 1)) ** 3
        return (width * (1 - 0.36 * share), height * 0.06)

    return clip.with_start(1).with_position(place)


def _title(font: str, width: int, height: int, fades: Sequence[Any]) -> list[Any]:
    size = min(width, height) // 7

    def place(shift: float) -> Callable[[float], tuple[str, float]]:
        def at(t: float) -> tuple[str, float]:
            share = 1 - (1 - min(t / 1.5, 1)) ** 3
            return ("center", height * (0.6 - 0.15 * share) - size / 2 + shift)

        return at

    layers = []
    for color, shift in (((0, 0, 0, 160), 4), ("white", 0)):
        text = TextClip(font, "Benchmark", font_size=size, color=color, margin=(12, 12))
        layers.append(text.with_start(1).with_duration(4).with_position(place(shift)).with_effects(fades))
    return layers


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
