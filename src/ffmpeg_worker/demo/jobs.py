"""What the demo asks for, as bodies of the API's routes. Every output plays in a browser."""

from __future__ import annotations

from typing import Any

SECONDS = 10
SOURCE = "source.mp4"
TRANSCODED = "transcoded.mp4"
RUNGS = (720, 480, 240)
JUDGED = 480

# Ten seconds of a moving test picture with a running clock, and a beep of a tenth of a second each second.
_PICTURE = f"testsrc2=size=1280x720:rate=30:duration={SECONDS}"
_BEEP = f"aevalsrc='0.4*sin(2*PI*1000*t)*lt(mod(t,1),0.1)':sample_rate=48000:duration={SECONDS}"
_H264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
_AAC = ["-c:a", "aac", "-b:a", "128k"]
_WEB = ["-movflags", "+faststart"]


def make_source() -> dict[str, Any]:
    """Make the source."""
    inputs = ["-f", "lavfi", "-i", _PICTURE, "-f", "lavfi", "-i", _BEEP]
    return {"chainCmds": ["ffmpeg", *inputs, *_H264, "-crf", "16", *_AAC, *_WEB, SOURCE], "output": SOURCE}


def transcode() -> dict[str, Any]:
    """Make it small."""
    command = ["ffmpeg", "-i", "{{in_1}}", *_H264, "-crf", "28", *_AAC, *_WEB, TRANSCODED]
    return {"inputs": {"in_1": SOURCE}, "chainCmds": command, "output": TRANSCODED}


def rung(height: int) -> str:
    """Name of one rung of the ladder."""
    return f"ladder/{height}p.mp4"


def ladder() -> dict[str, Any]:
    """Three sizes of one source in one job."""
    processes = [
        {
            "chainCmds": [
                *("ffmpeg", "-i", "{{in_1}}", "-vf", f"scale=-2:{height}"),
                *(*_H264, "-crf", "26", *_AAC, *_WEB, rung(height)),
            ],
            "output": rung(height),
        }
        for height in RUNGS
    ]
    return {"inputs": {"in_1": SOURCE}, "processes": processes}


def probe() -> dict[str, Any]:
    """Look into the largest rung."""
    return {"input": rung(RUNGS[0])}


def judge() -> dict[str, Any]:
    """Score a rung against the source, every third frame."""
    return {"input1": SOURCE, "input2": rung(JUDGED), "subsample": 3, "output": "vmaf.json"}
