"""Inputs of the audio mix: where each file is opened, and which uses share one input."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ffmpeg_worker.planning.composition.volume_envelope import SAMPLE_RATE, to_samples, too_many_sounds
from ffmpeg_worker.scene.audio_mix import Sound

# Decoders need earlier frames to be exact: two of AAC, half a second of MP3.
_PREROLL_S = 2
_SEEK_FROM_S = 20
# Matroska stores milliseconds: a seek is up to 24 samples off, reading from the start is exact.
_INEXACT_SEEK_FROM_S = 1200
_INEXACT_SEEK_SUFFIXES = (".mkv", ".mka", ".webm")
# FFmpeg buffers what a branch has not consumed yet: 384 kB per second.
_SHARED_SAMPLES = 3 * SAMPLE_RATE
_LOOPED_SAMPLES = 60 * SAMPLE_RATE
_SPARE_S = 1
_MAX_SECTIONS = 1000
"""Inputs of a mix: fewer already fill its graph."""


@dataclass(frozen=True, slots=True)
class SourceSection:
    """Samples `begin` to `end` of a file, at the sample rate of the mix, as one or more sounds use them."""

    file: str
    begin: int
    end: int

    @property
    def length(self) -> int:
        """Its length in samples."""
        return self.end - self.begin

    @property
    def seek_s(self) -> int:
        """Start of reading in whole seconds, which no time base rounds."""
        is_inexact = self.file.lower().endswith(_INEXACT_SEEK_SUFFIXES)
        begin_s = self.begin // SAMPLE_RATE
        return begin_s - _PREROLL_S if begin_s >= (_INEXACT_SEEK_FROM_S if is_inexact else _SEEK_FROM_S) else 0

    def arguments(self, input_options: Sequence[str]) -> tuple[str, ...]:
        """Return the arguments that open the file."""
        until = math.ceil(self.end / SAMPLE_RATE) - self.seek_s + _SPARE_S
        seek = ("-ss", str(self.seek_s)) if self.seek_s else ()
        url = f"file:{self.file}"
        # With -vn, MPEG-TS would start at its audio, which may begin later than the video.
        return *seek, "-t", str(until), "-discard:v", "none", *input_options, "-i", url

    def chain(self) -> str:
        """Return filters from the stream to stereo at the rate of the mix, cut or padded to the exact sample."""
        skipped = self.begin - self.seek_s * SAMPLE_RATE
        return ",".join(
            (
                # Keep the offset of a stream that starts later than its file, however small.
                f"aresample={SAMPLE_RATE}:async=1:min_comp=0.00001:first_pts=0",
                "aformat=sample_fmts=fltp:channel_layouts=mono|stereo",
                # Both channels get the full level of a mono sound; by default FFmpeg reduces it by 3 dB.
                "pan=stereo|FL=FL+FC|FR=FR+FC",
                f"atrim=start_sample={skipped}:end_sample={skipped + self.length}",
                "asetpts=N/SR/TB",
                # Decoders may return less than the container states, and loops would drift.
                f"apad=whole_len={self.length}",
            )
        )


@dataclass(slots=True)
class MixInputs:
    """The inputs of a mix in order, and how many sounds use each."""

    sections: list[SourceSection] = field(default_factory=list)
    _uses: list[int] = field(default_factory=list)
    _numbers: dict[SourceSection, int] = field(default_factory=dict)

    def add(self, sound: Sound, wanted: int) -> str:
        """Return the beginning of a chain that plays at most `wanted` samples of a sound.

        Raises:
            InvalidJob: `too_many_sounds`.
        """
        begin = to_samples(sound.begin_s)
        whole = SourceSection(sound.file, begin, max(to_samples(sound.end_s), begin + 1))
        if not sound.loops or wanted <= whole.length:
            return f"{self._label(SourceSection(whole.file, begin, min(whole.end, begin + wanted)))}anull"
        if whole.length <= _LOOPED_SAMPLES:
            return f"{self._label(whole)}aloop=loop=-1:size={whole.length}"
        # Open the file once per pass: looping an hour in memory would take more than a gigabyte.
        passes = math.ceil(wanted / whole.length)
        if len(self.sections) + passes > _MAX_SECTIONS:
            raise too_many_sounds()
        labels = [self._label(whole) for _ in range(passes)]
        return f"{''.join(labels)}concat=n={len(labels)}:v=0:a=1"

    def chains(self) -> Iterator[str]:
        """Yield the chains from each input to its labels."""
        for number, (section, uses) in enumerate(zip(self.sections, self._uses, strict=True)):
            split = f",asplit={uses}" if uses > 1 else ""
            labels = "".join(f"[s{number}_{use}]" for use in range(uses))
            yield f"[{number}:a:0]{section.chain()}{split}{labels}"

    def arguments(self, input_options: Sequence[str]) -> tuple[str, ...]:
        """Return the arguments that open all inputs."""
        return tuple(part for section in self.sections for part in section.arguments(input_options))

    def _label(self, section: SourceSection) -> str:
        number = self._numbers.setdefault(section, len(self.sections))
        if number == len(self.sections) or section.length > _SHARED_SAMPLES:
            number = len(self.sections)
            self.sections.append(section)
            self._uses.append(0)
        self._uses[number] += 1
        return f"[s{number}_{self._uses[number] - 1}]"
