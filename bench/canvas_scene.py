"""The composition used to compare renderers, and its media."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import resvg_py

from bench.api_server import make_source

FPS = 30
SECONDS = 10
CAPTIONS = ("Every word of this", "changes twice", "in four seconds", "and then again", "until it ends")
SIZES = ((1280, 720), (1080, 1920))
ENCODER = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p")
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"><circle cx="100" cy="100" r="96" '
    'fill="#22d3ee"/><path d="M60 60 L150 100 L60 140 Z" fill="#fff"/></svg>'
)


def make_sources(folder: Path) -> None:
    """Make two videos with sound, a logo and music."""
    life = "life=s=320x180:mold=10:r=30:ratio=0.1:death_color=#305080:life_color=#ffd080,scale=1280:720"
    tone = ("-f", "lavfi", "-i", "sine=frequency=220:duration=6")
    quickly = ("-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p")
    test = "testsrc2=size=1280x720:rate=30:duration=6"
    make_source(folder / "one.mp4", "-f", "lavfi", "-i", test, *tone, *quickly)
    make_source(
        folder / "two.mp4",
        "-f",
        "lavfi",
        "-i",
        f"{life}:flags=bilinear,crop=1280:544,scale=640:272",
        *_ten(quickly),
    )
    make_source(folder / "music.m4a", "-f", "lavfi", "-i", "sine=frequency=330:duration=12", "-ac", "2")
    (folder / "logo.png").write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=_LOGO)))


def _ten(quickly: tuple[str, ...]) -> tuple[str, ...]:
    return ("-t", "10", *quickly)


def composition(width: int, height: int, seconds: float = SECONDS) -> dict[str, Any]:
    """Return a composition with a looped video, a crossfade, an inset, a logo, a title, captions and music."""
    short = min(width, height)
    fade = {"type": "fade", "duration": 0.5}
    cues = [
        {"start": 2 * n, "end": min(2 * n + 2, seconds), "text": CAPTIONS[n % len(CAPTIONS)]}
        for n in range(int(seconds / 2))
    ]
    return {
        "width": width,
        "height": height,
        "fps": FPS,
        "duration": seconds,
        "layers": [
            {"type": "video", "src": "one.mp4", "duration": seconds - 3, "loop": True, "volume": 0.4},
            {
                "type": "video",
                "src": "two.mp4",
                "start": seconds - 4,
                "duration": 4,
                "muted": True,
                "transition": {"in": {"type": "fade", "duration": 1}},
            },
            {
                "type": "video",
                "src": "two.mp4",
                "start": 1,
                "duration": seconds - 2,
                "muted": True,
                "loop": True,
                "width": "32%",
                "y": "6%",
                "radius": 24,
                "x": [{"time": 0, "value": "100%"}, {"time": 0.8, "value": "64%", "easing": "cubic-out"}],
            },
            {
                "type": "image",
                "src": "logo.png",
                "x": "4%",
                "y": "6%",
                "width": short // 6,
                "opacity": 0.7,
                "start": 0.5,
                "duration": seconds - 1,
                "transition": {"in": fade, "out": fade},
            },
            {
                "type": "text",
                "text": "Benchmark",
                "x": "50%",
                "anchor": "center",
                "start": 1,
                "duration": 4,
                "y": [{"time": 0, "value": "60%"}, {"time": 1.5, "value": "45%", "easing": "cubic-out"}],
                "style": {
                    "font_size": short // 7,
                    "font_weight": 700,
                    "shadow": {"y": 4, "blur": 12, "color": "#000000a0"},
                },
                "transition": {"in": fade, "out": fade},
            },
            {
                "type": "subtitles",
                "cues": cues,
                "y": "88%",
                "anchor": "center",
                "width": "80%",
                "style": {"preset": "box", "font_size": short // 16},
            },
            {
                "type": "audio",
                "src": "music.m4a",
                "duration": "end",
                "loop": True,
                "fade_in": 1,
                "fade_out": 2,
                "volume": 0.6,
            },
        ],
    }


def many_layers(count: int) -> dict[str, Any]:
    """Return a composition with a video and `count - 1` texts, two of which are visible at a time."""
    pairs = (count - 1) // 2
    length = SECONDS / pairs
    texts = [
        {
            "type": "text",
            "text": f"Line {number % 10} of text",
            "x": "50%",
            "anchor": "center",
            "y": f"{40 + 20 * side}%",
            "start": round(number * length, 3),
            "duration": round(length, 3),
            "style": {"font_size": 64, "background": {"color": "#00000080", "padding": 16, "radius": 12}},
        }
        for number in range(pairs)
        for side in (0, 1)
    ]
    clip = {"type": "video", "src": "one.mp4", "duration": SECONDS, "loop": True, "muted": True}
    return {"width": 1280, "height": 720, "fps": FPS, "duration": SECONDS, "layers": [clip, *texts]}
