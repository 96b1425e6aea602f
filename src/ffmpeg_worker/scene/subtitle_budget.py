"""Counts what the subtitle files of a job contain, before they are parsed and drawn."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.budgets import MAX_DRAWN_SUBTITLES, MAX_SCRIPTS_OF_ROWS, MAX_SUBTITLES_OF_ROWS
from ffmpeg_worker.errors import InvalidJob


@dataclass(slots=True)
class SubtitleBudget:
    """Remaining size of the subtitles of all layers and rows; a file counts each time that it is used.

    Attributes:
        characters: of files that are parsed to cues.
        script_characters: of ASS scripts that libass draws.
        drawn_frames: frames that libass draws.
    """

    characters: int = MAX_SUBTITLES_OF_ROWS
    script_characters: int = MAX_SCRIPTS_OF_ROWS
    drawn_frames: int = MAX_DRAWN_SUBTITLES

    def parse(self, characters: int, where: str) -> None:
        """Count a file to parse, of the layer whose JSON path is `where`.

        Raises:
            InvalidJob: `composition_too_large`.
        """
        self.characters -= characters
        if self.characters < 0:
            raise _too_large(f"more than {MAX_SUBTITLES_OF_ROWS} characters", where)

    def read_script(self, characters: int, where: str) -> None:
        """Count a script, as `parse` does."""
        self.script_characters -= characters
        if self.script_characters < 0:
            raise _too_large(f"more than {MAX_SCRIPTS_OF_ROWS} characters", where)

    def draw(self, frames: int, where: str) -> None:
        """Count the frames of a script, as `parse` does."""
        self.drawn_frames -= frames
        if self.drawn_frames < 0:
            raise _too_large(f"more than {MAX_DRAWN_SUBTITLES} frames that change", where)


def _too_large(what: str, where: str) -> InvalidJob:
    return InvalidJob(
        f"The subtitles of all layers and rows have {what}.",
        code="composition_too_large",
        hint="Send fewer rows in one job, or split the composition at some time.",
        where={"field": f"{where}.src"},
    )
