"""One input of a preset: how commands name it, and what is known about its media."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath

from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.media import MediaInfo

_DEFAULT_RATE = Fraction(25)
_MAX_RATE = 240
_HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})


@dataclass(frozen=True, slots=True)
class PresetInput:
    """One input.

    Attributes:
        key: name of the input in the job.
        media: facts about it; empty for files that are not media.
        file_name: name of the file, of which only the suffix counts.
    """

    key: str
    media: MediaInfo
    file_name: str = ""

    @property
    def placeholder(self) -> str:
        """What commands write for the file."""
        return f"{{{{{self.key}}}}}"

    @property
    def suffix(self) -> str:
        """The end of the file's name, such as `.mp4`, in lower case."""
        return PurePosixPath(self.file_name).suffix.lower()

    @property
    def has_video(self) -> bool:
        """Whether there is a picture that is no cover art."""
        return self.media.video is not None

    @property
    def has_audio(self) -> bool:
        """Whether there is sound."""
        return self.media.audio is not None

    @property
    def video_index(self) -> int:
        """Number of the video among the video streams, of which cover art may be the first."""
        videos = [stream for stream in self.media.streams if stream.kind == "video"]
        return next((number for number, stream in enumerate(videos) if not stream.is_cover), 0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in square pixels, as displayed.

        Raises:
            SourceUnreadable: the size is not known.
        """
        if self.media.still_size is not None:
            return self.media.still_size
        video = self.media.video
        if video is None or not video.width or not video.height:
            raise self.unreadable("The size of the video is not known.", "Convert it to MP4 first.")
        width, height = round(video.width * video.sample_aspect), video.height
        return (height, width) if video.rotation % 180 else (width, height)

    @property
    def rate(self) -> Fraction:
        """Frames per second; 25 where the file does not say."""
        rate = self.media.video.fps if self.media.video is not None else None
        return rate if rate and rate <= _MAX_RATE else _DEFAULT_RATE

    @property
    def seconds(self) -> float:
        """The length.

        Raises:
            SourceUnreadable: the file does not say.
        """
        stated = [self.media.duration_s, *(stream.duration_s for stream in self.media.streams)]
        found = next((seconds for seconds in stated if seconds), None)
        if found is None:
            raise self.unreadable(
                "The file does not say how long it is.",
                "Convert it to MP4 or Matroska first, for example with the preset mp4_web.",
                code="duration_unknown",
            )
        return found

    @property
    def video_seconds(self) -> float:
        """The length of the picture, which may be shorter than the sound."""
        video = self.media.video
        if video is None or not video.duration_s:
            return self.seconds
        return min(video.duration_s, self.media.duration_s or video.duration_s)

    @property
    def video_delay(self) -> float:
        """Seconds by which the picture begins after the file, whose begin is where FFmpeg counts from."""
        video = self.media.video
        if video is None or video.start_s is None or self.media.start_s is None:
            return 0.0
        return max(0.0, video.start_s - self.media.start_s)

    @property
    def is_hdr(self) -> bool:
        """Whether the video has the transfer function of HDR10 or HLG."""
        return self.media.video is not None and self.media.video.color[2] in _HDR_TRANSFERS

    @property
    def sample_rate(self) -> int:
        """Samples of the sound per second."""
        audio = self.media.audio
        return audio.sample_rate if audio is not None and audio.sample_rate else 48_000

    def codec(self, kind: str) -> str | None:
        """The codec of the first stream of a kind, `video` or `audio`."""
        stream = self.media.video if kind == "video" else self.media.audio
        return stream.codec if stream is not None else None

    def unreadable(self, message: str, hint: str, *, code: str = "source_unreadable") -> SourceUnreadable:
        """The error of an input that is not what the preset needs."""
        return SourceUnreadable(message, code=code, hint=hint, where={"input": display_name(self.key)})
