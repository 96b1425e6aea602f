"""ASS subtitles with styles, for tests."""

from __future__ import annotations

_HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: 320
PlayResY: 180
YCbCr Matrix: TV.709

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, \
MarginV, Encoding
Style: Default,{font},{size},{color},&H000000FF,{line},&H80000000,0,0,0,0,100,100,0,0,1,{outline},{shadow},2,\
10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""

PLAIN = ("0:00:00.50", "0:00:01.50", "Hello")


def script(
    *cues: tuple[str, str, str],
    font: str = "Inter",
    size: int = 36,
    color: str = "&H00FFFFFF",
    line: str = "&H00000000",
    outline: float = 0,
    shadow: float = 0,
) -> str:
    """An ASS script of 320x180 pixels with cues of (start, end, text)."""
    style = {"font": font, "size": size, "color": color, "line": line, "outline": outline, "shadow": shadow}
    events = "".join(f"Dialogue: 0,{start},{end},Default,,0,0,0,,{text}\n" for start, end, text in cues)
    return _HEAD.format(**style) + events
