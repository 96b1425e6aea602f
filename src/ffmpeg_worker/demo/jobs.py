"""The demo's jobs, as bodies of the API's routes. Every output plays in a browser."""

from __future__ import annotations

from typing import Any

DURATION_S = 5
SOURCE = "source.mp4"
TRANSCODED = "transcoded.mp4"
HEIGHTS = (720, 480, 240)
SCORED_HEIGHT = 480

# A moving test pattern with a running clock, and a beep of a tenth of a second each second.
_PATTERN = f"testsrc2=size=1280x720:rate=30:duration={DURATION_S}"
_BEEP = f"aevalsrc='0.4*sin(2*PI*1000*t)*lt(mod(t,1),0.1)':sample_rate=48000:duration={DURATION_S}"
_H264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
_AAC = ["-c:a", "aac", "-b:a", "128k"]
_WEB = ["-movflags", "+faststart"]


def generate_source() -> dict[str, Any]:
    """Generate the source video."""
    inputs = ["-f", "lavfi", "-i", _PATTERN, "-f", "lavfi", "-i", _BEEP]
    return {"chainCmds": ["ffmpeg", *inputs, *_H264, "-crf", "16", *_AAC, *_WEB, SOURCE], "output": SOURCE}


def transcode() -> dict[str, Any]:
    """Transcode the source to a smaller file."""
    command = ["ffmpeg", "-i", "{{in_1}}", *_H264, "-crf", "28", *_AAC, *_WEB, TRANSCODED]
    return {"inputs": {"in_1": SOURCE}, "chainCmds": command, "output": TRANSCODED}


def rendition_name(height: int) -> str:
    """Return the file name of one rendition of the ladder."""
    return f"ladder/{height}p.mp4"


def make_ladder() -> dict[str, Any]:
    """Make three renditions of the source in one job."""
    processes = [
        {
            "chainCmds": [
                *("ffmpeg", "-i", "{{in_1}}", "-vf", f"scale=-2:{height}"),
                *(*_H264, "-crf", "26", *_AAC, *_WEB, rendition_name(height)),
            ],
            "output": rendition_name(height),
        }
        for height in HEIGHTS
    ]
    return {"inputs": {"in_1": SOURCE}, "processes": processes}


def probe() -> dict[str, Any]:
    """Probe the largest rendition."""
    return {"input": rendition_name(HEIGHTS[0])}


def score() -> dict[str, Any]:
    """Score a rendition against the source, every third frame."""
    return {"input1": SOURCE, "input2": rendition_name(SCORED_HEIGHT), "subsample": 3, "output": "vmaf.json"}
