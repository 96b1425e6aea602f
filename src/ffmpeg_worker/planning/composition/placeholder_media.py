"""What is taken to be in files that nobody has looked at."""

from __future__ import annotations

from collections.abc import Sequence

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.media_layers import AudioLayer, VideoLayer
from ffmpeg_worker.composition.references import walk_layers
from ffmpeg_worker.composition.sources import NamedFile
from ffmpeg_worker.job.media import MediaInfo, StreamInfo

_LENGTH_S = 10.0
_SUBTITLES = "1\n00:00:00,000 --> 00:00:10,000\n-\n"
_PICTURE = StreamInfo("video", width=1920, height=1080)
_SOUND = StreamInfo("audio", sample_rate=48000, channels=2)


def guess(files: Sequence[NamedFile], composition: Composition) -> MediaInfo | str:
    """What a file might hold, given every place that names it: at least what is asked of it."""
    kinds = {file.kind for file in files}
    if "subtitles" in kinds:
        return _SUBTITLES
    if "image" in kinds:
        return MediaInfo("png_pipe", (_PICTURE,))
    streams = (_PICTURE, _SOUND) if "video" in kinds else (_SOUND,)
    return MediaInfo("mov", streams, duration_s=_asked_for({file.src for file in files}, composition))


def _asked_for(names: set[str], composition: Composition) -> float:
    trims = [
        layer.trim
        for _, layer in walk_layers(composition.layers)
        if isinstance(layer, VideoLayer | AudioLayer) and layer.src in names and layer.trim is not None
    ]
    return max([_LENGTH_S, *(trim.start + _LENGTH_S for trim in trims), *(trim.end or 0.0 for trim in trims)])
