"""Make the media of the examples: `python examples/canvas/make_media.py [FOLDER] [--draft]`.

By default they are beside the examples. `--draft` makes landscapes of fewer frames, in half the time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import dishes
import imageio_ffmpeg
import people
import pictures as draw
import resvg_py
import rooms
import things

_HERE = Path(__file__).parent
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", "-c:a", "aac")
_VOICE = (
    (  # vowels with overtones, and noise between them
        "aevalsrc='(0.4*pow(abs(sin(PI*2.6*t)),1.5)*(0.55*(2*mod(P,1)-1)+0.25*sin(14*PI*P)+0.2*sin(36*PI*P))"
        "+0.16*(2*random(0)-1)*pow(abs(cos(PI*2.6*t)),6))*lt(mod(t,2.5),2.1)':s=48000:d=8"
    )
    .replace("P", "(130*t-2.4*cos(5*t))")
    .replace("(130*t-2.4*cos(5*t))I", "PI")
)
_CHORDS = (
    "aevalsrc='0.11*(sin(2*PI*F*t)+sin(2*PI*1.26*F*t)+sin(2*PI*1.5*F*t)+0.6*sin(2*PI*2*F*t)+0.16*(2*mod(2*F*t,1)-1))"
    "*(0.6+0.4*exp(-4*mod(t,0.5)))+0.05*(2*random(0)-1)*exp(-24*mod(t,0.25))'"
).replace("F", "(220*if(lt(mod(t,8),2),1,if(lt(mod(t,8),4),0.8409,if(lt(mod(t,8),6),0.6674,0.749))))")
_STAYS = "loop=loop=-1:size=1"  # decoded once, unlike with -loop 1
_SRT = """1
00:00:00,200 --> 00:00:01,900
The sea was calm that morning.

2
00:00:02,000 --> 00:00:03,900
We left before the sun was up,

3
00:00:04,000 --> 00:00:05,800
<i>and nobody said a word.</i>
"""
_VTT = """WEBVTT

00:00.200 --> 00:02.200
<00:00.200>Small <00:00.600>steps <00:01.000>every <00:01.500>day

00:02.500 --> 00:04.700
<00:02.500>take <00:02.900>you <00:03.200>further <00:03.900>than

00:05.000 --> 00:07.000
<00:05.000>one <00:05.400>giant <00:05.900>leap
"""


def make_media(folder: Path, *, is_draft: bool = False) -> None:
    """Make every file of the examples in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "logo.svg").write_text(things.logo(), encoding="utf-8")
    (folder / "captions.srt").write_text(_SRT, encoding="utf-8")
    (folder / "words.vtt").write_text(_VTT, encoding="utf-8")
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(max_workers=2) as threads:
        parts = Path(name)
        wide = (partial(one, is_draft=is_draft) for one in (_hills, _tall, _city))
        makers = (_stills, _sounds, *wide, _road, _presenter, _loop, _sticker)
        for done in [threads.submit(maker, folder, parts) for maker in makers]:
            done.result()


def _ffmpeg(folder: Path, *arguments: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *arguments]
    subprocess.run(command, cwd=folder, check=True)


def _png(path: Path, drawing: str) -> str:
    path.write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=drawing)))
    return str(path)


def _stills(folder: Path, parts: Path) -> None:
    palettes = (draw.SUNSET, draw.MORNING, draw.DESERT, draw.WINTER, draw.FOREST, draw.NIGHT)
    drawings = {f"photo-{n}": draw.landscape(1280, 854, palette, n * 7) for n, palette in enumerate(palettes, 1)}
    drawings["room-1"] = rooms.room("#e7ded3", "#b98b62", "#5b7f95", "#e29578")
    drawings["room-2"] = rooms.room("#d8e2dc", "#8d6e53", "#b56576", "#e8c07d")
    drawings["room-3"] = rooms.room("#cfd8e3", "#a47e5b", "#52796f", "#f4a261")
    drawings["dish-1"] = dishes.plate("#c89b6d", ("#e63946", "#f1a208", "#6a994e"), 3)
    drawings["dish-2"] = dishes.plate("#9c7a5b", ("#a7c957", "#f2e8cf", "#bc4749"), 8)
    drawings["dish-3"] = dishes.plate("#b08968", ("#fb8500", "#ffd166", "#4f772d"), 5)
    drawings["portrait"] = people.person("#f1c9a5", "#3b2a20", "#3d5a80", back="#98c1d9")
    for name, drawing in drawings.items():
        _ffmpeg(folder, "-i", _png(parts / f"{name}.png", drawing), "-q:v", "3", f"{name}.jpg")
    grade = "eq=saturation=0.15:contrast=0.8:brightness=-0.06"
    _ffmpeg(folder, "-i", "photo-2.jpg", "-vf", grade, "-q:v", "3", "before.jpg")
    _ffmpeg(folder, "-i", "photo-2.jpg", "-vf", "eq=saturation=1.25:contrast=1.06", "-q:v", "3", "after.jpg")
    _png(folder / "headphones.png", things.headphones())


def _sounds(folder: Path, parts: Path) -> None:
    del parts
    _ffmpeg(folder, "-f", "lavfi", "-i", f"{_CHORDS}:s=48000:d=16", "-ac", "2", "music.m4a")
    _ffmpeg(folder, "-f", "lavfi", "-i", _VOICE, "-af", "lowpass=f=7000", "voice.m4a")
    fades = "afade=d=0.6:curve=qsin,afade=t=out:st=0.6:d=0.3"
    whoosh = f"anoisesrc=d=0.9:c=pink:a=0.7,bandpass=f=900:w=700,{fades},volume=38dB"
    _ffmpeg(folder, "-f", "lavfi", "-i", whoosh, "whoosh.wav")
    ticks = "aevalsrc='0.6*sin(2*PI*880*t)*exp(-30*mod(t,1))':s=48000:d=5"
    _ffmpeg(folder, "-f", "lavfi", "-i", ticks, "tick.wav")


def _scrolled(
    folder: Path,
    name: str,
    layers: list[str],
    speeds: list[float],
    fps: int,
    seconds: int,
    *,
    is_draft: bool = False,
) -> None:
    """Layers one over the other, each running to the left by a share of its width for each frame."""
    if is_draft:  # as fast, with two fifths of the frames
        fps, speeds = fps * 2 // 5, [speed * 5 / 2 for speed in speeds]
    inputs = [part for layer in layers for part in ("-framerate", str(fps), "-i", layer)]
    steps = [f"[{n}]format=yuva420p,{_STAYS},scroll=h={speed}[l{n}]" for n, speed in enumerate(speeds)]
    last = "l0"
    for n in range(1, len(layers)):
        steps.append(f"[{last}][l{n}]overlay[o{n}]")
        last = f"o{n}"
    sound = ("-f", "lavfi", "-i", "anoisesrc=c=brown:a=0.25:s=48000,tremolo=f=0.3:d=0.6")
    maps = ("-map", f"[{last}]", "-map", f"{len(layers)}:a", "-t", str(seconds))
    _ffmpeg(folder, *inputs, *sound, "-filter_complex", ";".join(steps), *maps, "-r", str(fps), *_X264, name)


def _hills(folder: Path, parts: Path, *, is_draft: bool) -> None:
    rows = [_png(parts / f"hill-{n}.png", one) for n, one in enumerate(draw.ridges(1280, 720, draw.MORNING, 11))]
    behind = _png(parts / "hill-sky.png", draw.sky(1280, 720, draw.MORNING))
    _scrolled(folder, "hills.mp4", [behind, *rows], [0, 0.0004, 0.001, 0.002], 30, 8, is_draft=is_draft)


def _tall(folder: Path, parts: Path, *, is_draft: bool) -> None:
    rows = [_png(parts / f"tall-{n}.png", one) for n, one in enumerate(draw.ridges(720, 1280, draw.SUNSET, 5))]
    behind = _png(parts / "tall-sky.png", draw.sky(720, 1280, draw.SUNSET))
    _scrolled(folder, "tall.mp4", [behind, *rows], [0, 0.0006, 0.0012, 0.0024], 30, 8, is_draft=is_draft)


def _city(folder: Path, parts: Path, *, is_draft: bool) -> None:
    behind = _png(parts / "city-sky.png", draw.sky(1280, 720, draw.NIGHT))
    far = _png(parts / "city-far.png", draw.skyline(1280, 720, "#12264d", "#3f5f99", 0.38, 2))
    near = _png(parts / "city-near.png", draw.skyline(1280, 720, "#070f24", "#ffd166", 0.52, 4))
    _scrolled(folder, "city.mp4", [behind, far, near], [0, 0.0006, 0.0016], 25, 8, is_draft=is_draft)


def _loop(folder: Path, parts: Path) -> None:
    colours = ("#7c3aed", "#22d3ee", "#f472b6")
    behind = _png(parts / "loop-sky.png", draw.svg(960, 540, draw.gradient("g", "#14123a", "#3b1d6e"),
                                                   draw.rect(0, 0, 960, 540, "url(#g)")))  # fmt: skip
    rows = [_png(parts / f"loop-{n}.png", draw.dots(960, 540, colours, n)) for n in (1, 2)]
    _scrolled(folder, "loop.mp4", [behind, *rows], [0, 1 / 60, -1 / 60], 30, 2)


def _road(folder: Path, parts: Path) -> None:
    behind = _png(parts / "road-sky.png", draw.landscape(1280, 720, draw.DESERT, 21))
    stripes = "".join(draw.rect(x, 632, 90, 10, "#ffffff") for x in range(0, 1280, 160))
    ground = draw.svg(1280, 720, draw.rect(0, 560, 1280, 160, "#4a4a55"), stripes)
    wheel = _png(parts / "car.png", things.car())
    graph = (
        f"[0]format=yuv420p,{_STAYS}[b];[1]format=yuva420p,{_STAYS},scroll=h=0.0125[g];[b][g]overlay[o];"
        f"[2]format=yuva420p,{_STAYS}[c];[o][c]overlay=x='-540+300*t':y='400+3*sin(t*25)'"
    )
    still = ("-framerate", "60", "-i")
    images = (*still, behind, *still, _png(parts / "road.png", ground), *still, wheel)
    sound = ("-f", "lavfi", "-i", "aevalsrc='0.3*sin(2*PI*(90+8*sin(3*t))*t)*(0.7+0.3*sin(2*PI*30*t))':s=48000")
    _ffmpeg(folder, *images, *sound, "-filter_complex", graph, "-map", "3:a", "-t", "6", *_X264, "road.mp4")


def _presenter(folder: Path, parts: Path) -> None:
    """In front of a green screen, the mouth moving with the voice."""
    look = ("#e0ac86", "#1f1a17", "#c1121f")
    shut, open_ = (_png(parts / f"mouth-{o}.png", people.person(*look, open_mouth=o)) for o in (False, True))
    graph = (
        f"[1]format=yuva444p,{_STAYS}[a];[2]format=yuva444p,{_STAYS}[b];"
        "[a][b]overlay=enable='lt(mod(t,2.5),2.1)*gt(abs(sin(PI*2.6*t)),0.55)':format=yuv444[p];"
        "[0][p]overlay=x='280+8*sin(t*1.7)':y='10+6*sin(t*2.3)':format=yuv444"
    )
    still = ("-framerate", "25", "-i")
    inputs = ("-f", "lavfi", "-i", "color=0x00d43a:s=1280x720:r=25", *still, shut, *still, open_)
    voice = ("-f", "lavfi", "-i", _VOICE)
    _ffmpeg(folder, *inputs, *voice, "-filter_complex", graph, "-map", "3:a", "-t", "6", *_X264, "presenter.mp4")


def _sticker(folder: Path, parts: Path) -> None:
    for number in range(12):
        _png(parts / f"spark-{number:02d}.png", things.spark(number * 45 / 12))
    colours = "split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse=alpha_threshold=128"
    _ffmpeg(folder, "-framerate", "12", "-i", str(parts / "spark-%02d.png"), "-vf", colours, "sticker.gif")


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:] if argument != "--draft"]
    make_media(folders[0] if folders else _HERE / "media", is_draft="--draft" in sys.argv)
