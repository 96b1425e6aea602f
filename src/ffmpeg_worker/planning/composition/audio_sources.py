"""Where sounds come from: which files are opened from where, and which uses share one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ffmpeg_worker.planning.composition.volume_envelope import SAMPLE_RATE, samples
from ffmpeg_worker.scene.audio_mix import Sound

# Decoders need what lies before to be right: two frames of AAC, half a second of MP3.
_RUN_UP_S = 2
_SEEK_FROM_S = 20
# Matroska keeps milliseconds: reading from the start is exact, after a seek it is up to 24 samples off.
_SEEK_LATE_FROM_S = 1200
_LATE_SUFFIXES = (".mkv", ".mka", ".webm")
# What a branch has not used yet waits in memory: 384 kB for each second.
_SHARED_SAMPLES = 3 * SAMPLE_RATE
_LOOPED_SAMPLES = 60 * SAMPLE_RATE
_SPARE_S = 1


@dataclass(frozen=True, slots=True)
class Section:
    """Samples `begin` to `end` (at the rate of the mix) of a file, as one or more uses want them."""

    file: str
    begin: int
    end: int

    @property
    def length(self) -> int:
        """In samples."""
        return self.end - self.begin

    @property
    def seek_s(self) -> int:
        """Where reading starts. Whole seconds: no time base rounds them."""
        is_late = self.file.lower().endswith(_LATE_SUFFIXES)
        begin_s = self.begin // SAMPLE_RATE
        return begin_s - _RUN_UP_S if begin_s >= (_SEEK_LATE_FROM_S if is_late else _SEEK_FROM_S) else 0

    def arguments(self, input_options: Sequence[str]) -> tuple[str, ...]:
        """What opens the file."""
        until = math.ceil(self.end / SAMPLE_RATE) - self.seek_s + _SPARE_S
        seek = ("-ss", str(self.seek_s)) if self.seek_s else ()
        place = f"file:{self.file}"
        # With the picture left out, MPEG-TS would begin with its sound, which may be later.
        return *seek, "-t", str(until), "-discard:v", "none", *input_options, "-i", place

    def chain(self) -> str:
        """From the stream to stereo at the rate of the mix, cut to the sample; short ones end with silence."""
        skipped = self.begin - self.seek_s * SAMPLE_RATE
        return ",".join(
            (
                # A stream that begins later than its file keeps its place, however little that is.
                f"aresample={SAMPLE_RATE}:async=1:min_comp=0.00001:first_pts=0",
                "aformat=sample_fmts=fltp:channel_layouts=mono|stereo",
                # Both sides get all of a mono sound; by itself ffmpeg takes off 3 dB.
                "pan=stereo|FL=FL+FC|FR=FR+FC",
                f"atrim=start_sample={skipped}:end_sample={skipped + self.length}",
                "asetpts=N/SR/TB",
                # Decoders may give a little less than the container promised, and loops would drift.
                f"apad=whole_len={self.length}",
            )
        )


@dataclass(slots=True)
class Sources:
    """The inputs of a mix in order, and how many uses each has."""

    sections: list[Section] = field(default_factory=list)
    _takers: list[int] = field(default_factory=list)

    def take(self, sound: Sound, wanted: int) -> str:
        """The beginning of a chain that plays a sound, for `wanted` samples at most."""
        begin = samples(sound.begin_s)
        whole = Section(sound.file, begin, max(samples(sound.end_s), begin + 1))
        if not sound.loops or wanted <= whole.length:
            return f"{self._label(Section(whole.file, begin, min(whole.end, begin + wanted)))}anull"
        if whole.length <= _LOOPED_SAMPLES:
            return f"{self._label(whole)}aloop=loop=-1:size={whole.length}"
        # Opened again for each time: an hour kept in memory to be looped is more than a gigabyte.
        labels = [self._label(whole) for _ in range(math.ceil(wanted / whole.length))]
        return f"{''.join(labels)}concat=n={len(labels)}:v=0:a=1"

    def chains(self) -> Iterator[str]:
        """From each input to its labels."""
        for number, (section, takers) in enumerate(zip(self.sections, self._takers, strict=True)):
            split = f",asplit={takers}" if takers > 1 else ""
            labels = "".join(f"[s{number}_{taker}]" for taker in range(takers))
            yield f"[{number}:a:0]{section.chain()}{split}{labels}"

    def arguments(self, input_options: Sequence[str]) -> tuple[str, ...]:
        """What opens all inputs."""
        return tuple(part for section in self.sections for part in section.arguments(input_options))

    def _label(self, section: Section) -> str:
        if section in self.sections and section.length <= _SHARED_SAMPLES:
            number = self.sections.index(section)
        else:
            number = len(self.sections)
            self.sections.append(section)
            self._takers.append(0)
        self._takers[number] += 1
        return f"[s{number}_{self._takers[number] - 1}]"
