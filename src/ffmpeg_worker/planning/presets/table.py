"""All presets of the worker, by name, in the order of the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ffmpeg_worker.planning.presets.concat import CONCAT
from ffmpeg_worker.planning.presets.contact_sheet import CONTACT_SHEET
from ffmpeg_worker.planning.presets.crossfade import CROSSFADE
from ffmpeg_worker.planning.presets.extract_audio import AUDIO_CONVERT, EXTRACT_AUDIO
from ffmpeg_worker.planning.presets.frames import PAD, SOCIAL, VERTICAL
from ffmpeg_worker.planning.presets.geometry import CROP, FLIP, RESIZE, ROTATE
from ffmpeg_worker.planning.presets.gif import GIF
from ffmpeg_worker.planning.presets.loudness import LOUDNESS
from ffmpeg_worker.planning.presets.mp4_web import MP4_WEB
from ffmpeg_worker.planning.presets.overlays import PICTURE_IN_PICTURE, WATERMARK
from ffmpeg_worker.planning.presets.preset import Preset
from ffmpeg_worker.planning.presets.remove_silence import REMOVE_SILENCE
from ffmpeg_worker.planning.presets.repair import DEINTERLACE, HDR_TO_SDR, STABILIZE
from ffmpeg_worker.planning.presets.soundtrack import MUTE, REMOVE_AUDIO, REPLACE_AUDIO
from ffmpeg_worker.planning.presets.sprite import SPRITE
from ffmpeg_worker.planning.presets.streaming import DASH, HLS
from ffmpeg_worker.planning.presets.subtitles import BURN_SUBTITLES, SOFT_SUBTITLES
from ffmpeg_worker.planning.presets.thumbnail import THUMBNAIL
from ffmpeg_worker.planning.presets.timing import FPS, REVERSE, SPEED
from ffmpeg_worker.planning.presets.trim import TRIM
from ffmpeg_worker.planning.presets.waveform import WAVEFORM

_ALL = (
    *(GIF, THUMBNAIL, CONTACT_SHEET, SPRITE, WAVEFORM),
    *(MP4_WEB, TRIM, CONCAT, CROSSFADE, SPEED, REVERSE, FPS),
    *(RESIZE, CROP, PAD, ROTATE, FLIP, VERTICAL, SOCIAL),
    *(WATERMARK, PICTURE_IN_PICTURE, BURN_SUBTITLES, SOFT_SUBTITLES),
    *(EXTRACT_AUDIO, AUDIO_CONVERT, LOUDNESS, REMOVE_SILENCE, REPLACE_AUDIO, REMOVE_AUDIO, MUTE),
    *(STABILIZE, DEINTERLACE, HDR_TO_SDR),
    *(HLS, DASH),
)
PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
