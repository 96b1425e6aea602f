"""Budgets: how much a request may contain, checked before it is expanded.

docs/limits.md is generated from this table. Budgets that the operator can change are fields of `Settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MAX_JSON_DEPTH = 64
MAX_JSON_VALUES = 200_000

MAX_INPUTS = 1000
MAX_HEADERS = 50
MAX_CONTENT_BYTES = 64 << 10
MAX_TEXT_FILE_BYTES = 16 << 20
MAX_TEXT_FILES_BYTES = 32 << 20
MAX_LIST_BYTES = 1 << 20
MAX_OUTPUTS = 1000
MAX_PRODUCED_NAMES = 1000
MAX_SEQUENCE_CHARACTERS = 16_384
MAX_UPLOADS = 1000
MAX_PROCESSES = 50
MAX_COMMANDS = 32
MAX_TOKENS = 2048
MAX_ARGUMENTS = 512
MAX_ARGUMENT_BYTES = 128 << 10
MAX_FILTERS = 400

MAX_PRESET_INPUTS = 50
MAX_TILES = 400
MAX_REVERSED_BYTES = 2 << 30
MAX_OPERATOR_PRESETS = 200
MAX_PRESET_FILE_BYTES = 64 << 10

MAX_CHUNKS = 64
MIN_SPLIT_S = 60.0
"""Seconds of a video below which splitting its encode costs more than it saves."""
MIN_CHUNK_S = 20.0
"""Seconds of a chunk, at least."""
INDEXED_PACKETS = 2_000_000
"""Frames of a video whose encode is split, at most: nine hours at 60 frames a second."""

MAX_ROWS = 100
MAX_VARIABLES = 200
MAX_VALUES_OF_ROWS = 200_000
MAX_CHARACTERS_OF_ROWS = 4_000_000
MAX_FILLED_TEXT = 80_000
MAX_LAYERS = 500
MAX_LAYERS_OF_ROWS = 5000
MAX_GROUP_DEPTH = 8
MAX_SIDE = 4096
MAX_CANVAS_PIXELS = 4096 * 2304
MAX_FPS = 120
MAX_DURATION_S = 4 * 3600.0
MAX_TEXT = 5000
MAX_CUES = 10_000
MAX_WORDS = 200
MAX_KEYFRAMES = 1000
MAX_POINTS = 1000
MAX_PATH_DATA = 20_000
MAX_COLORS = 32
MAX_SHADOWS = 8
MAX_FONTS = 50
MAX_AUDIO = 100
MAX_SRC = 4096
MAX_PLACE = 100_000.0
MAX_LAYER_PIXELS = 64_000_000

MAX_SUBTITLE_CHARACTERS = 2_000_000
MAX_SUBTITLE_CUES = 20_000
MAX_SUBTITLE_LINE = 5000
MAX_SUBTITLES_OF_ROWS = 3_000_000
MAX_SCRIPTS_OF_ROWS = 16 << 20
MAX_DRAWN_SUBTITLES = 500_000

KEPT_LOG_BYTES = 2 << 20
"""Bytes of all logs in a result; of longer ones it has a part, and says so. RunPod takes results of 8 MiB."""
RESULT_MANIFEST_BYTES = 1 << 20
"""Bytes of the manifest of a result; a job with a larger result runs again if it is delivered twice."""
KEPT_JOB_LOG_BYTES = 512 << 10
"""Bytes that are kept of what all commands of a job log; of more, beginnings and ends."""
LOG_CHUNK_BYTES = 16 << 10
"""Bytes of what a command logs within half a second; likewise."""
KEPT_MEASURED_VALUES = 20_000
"""Values in the lists of all measurements of a result; likewise."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a request may contain of something.

    Attributes:
        limit: the maximum; `None` if a setting has it.
        what: what is counted, as a phrase that follows the number.
        code: error code of a request that exceeds it.
        setting: field of `Settings` with the maximum.
    """

    limit: float | None
    what: str
    code: str = "invalid_value"
    setting: str | None = None


_REQUEST = (
    Budget(None, "bytes of a request body", "body_too_large", "max_body_bytes"),
    Budget(MAX_JSON_DEPTH, "levels of objects and lists in the JSON", "invalid_json"),
    Budget(MAX_JSON_VALUES, "values in the JSON, with objects and lists", "body_too_large"),
)
_JOB = (
    Budget(MAX_INPUTS, "inputs"),
    Budget(None, "bytes of an input from a URL", "source_too_large", "max_input_bytes"),
    Budget(None, "bytes of all inputs from URLs", "source_too_large", "max_job_input_bytes"),
    Budget(MAX_CONTENT_BYTES, "bytes of `content`, the text of an input", "content_too_large"),
    Budget(MAX_TEXT_FILE_BYTES, "bytes of a subtitle file or SVG image", "source_not_text"),
    Budget(MAX_TEXT_FILES_BYTES, "bytes of all subtitle files and SVG images", "source_too_large"),
    Budget(MAX_LIST_BYTES, "bytes of a list for the concat demuxer", "source_too_large"),
    Budget(MAX_HEADERS, "`headers` of an input or of `upload`"),
    Budget(MAX_OUTPUTS, "names in `output`, and in `urls` of `upload`"),
    Budget(MAX_UPLOADS, "files of `upload`"),
    Budget(MAX_PROCESSES, "processes of `multi_process`"),
    Budget(MAX_COMMANDS, "commands of a chain"),
    Budget(MAX_PRODUCED_NAMES, "files that the commands of a chain write by name", "command_too_long"),
    Budget(
        MAX_SEQUENCE_CHARACTERS,
        "characters of all names of sequences (`%d`) that a chain writes",
        "command_too_long",
    ),
    Budget(MAX_ARGUMENTS, "arguments of a command, `-i` not counted", "command_too_long"),
    Budget(MAX_TOKENS, "arguments of a command without option policy"),
    Budget(MAX_ARGUMENT_BYTES, "bytes of all arguments of a command", "command_too_long"),
    Budget(MAX_FILTERS, "filters of a command", "forbidden_option"),
    Budget(MAX_CHUNKS, "chunks that `parallel` asks for"),
    Budget(MAX_PRESET_INPUTS, "inputs of a preset"),
    Budget(MAX_TILES, "pictures of a contact sheet or sprite"),
    Budget(MAX_REVERSED_BYTES, "bytes of the decoded frames that the preset `reverse` holds in memory"),
    Budget(MAX_OPERATOR_PRESETS, "presets of the operator", "misconfigured"),
    Budget(MAX_PRESET_FILE_BYTES, "bytes of the file of such a preset", "misconfigured"),
    Budget(None, "seconds of `timeout`; more is reduced to it", "timed_out", "max_timeout_s"),
    Budget(None, "bytes of a file that FFmpeg writes", "output_too_large", "max_output_file_bytes"),
    Budget(None, "bytes of all files that a job writes", "job_too_large", "max_job_bytes"),
    Budget(None, "files that a job writes", "job_too_large", "max_job_files"),
)
_COMPOSITION = (
    Budget(MAX_ROWS, "rows of variables"),
    Budget(MAX_VARIABLES, "variables of a row"),
    Budget(
        MAX_VALUES_OF_ROWS,
        "values of the composition and of `audio` (fields, keyframes, cues, points, `{{variables}}`), times rows",
        "composition_too_large",
    ),
    Budget(
        MAX_CHARACTERS_OF_ROWS,
        "characters of all strings with their variables filled in, of all rows",
        "composition_too_large",
    ),
    Budget(MAX_FILLED_TEXT, "characters of a string with variables, before and after they are filled in"),
    Budget(MAX_LAYERS, "layers, with those of groups", "too_many_layers"),
    Budget(MAX_LAYERS_OF_ROWS, "layers times rows", "too_many_layers"),
    Budget(MAX_GROUP_DEPTH, "levels of nested groups"),
    Budget(MAX_SIDE, "pixels of the width and of the height"),
    Budget(MAX_CANVAS_PIXELS, "pixels of the canvas"),
    Budget(MAX_LAYER_PIXELS, "pixels of a layer or image", "layer_too_large"),
    Budget(MAX_PLACE, "pixels of a position or size"),
    Budget(MAX_FPS, "frames per second"),
    Budget(MAX_DURATION_S, "seconds of duration"),
    Budget(MAX_TEXT, "characters of a text, of a cue, and of the value of a variable"),
    Budget(MAX_CUES, "cues of a layer"),
    Budget(MAX_WORDS, "words of a cue"),
    Budget(MAX_KEYFRAMES, "keyframes of a field"),
    Budget(MAX_POINTS, "points of a polygon"),
    Budget(MAX_PATH_DATA, "characters of SVG path data"),
    Budget(MAX_COLORS, "colors of a gradient"),
    Budget(MAX_SHADOWS, "shadows of a text"),
    Budget(MAX_FONTS, "fonts"),
    Budget(MAX_AUDIO, "sounds in `audio` beside the composition"),
    Budget(MAX_SRC, "characters of a `src`"),
    Budget(MAX_SUBTITLE_CHARACTERS, "characters of a subtitle file", "unreadable_subtitles"),
    Budget(MAX_SUBTITLE_CUES, "cues of a subtitle file", "unreadable_subtitles"),
    Budget(MAX_SUBTITLE_LINE, "characters of a line of a subtitle file", "unreadable_subtitles"),
    Budget(
        MAX_SUBTITLES_OF_ROWS,
        "characters of subtitle files, of all layers and rows that use them",
        "composition_too_large",
    ),
    Budget(
        MAX_SCRIPTS_OF_ROWS,
        "characters of `.ass` files in their own styling, of all layers and rows that use them",
        "composition_too_large",
    ),
    Budget(
        MAX_DRAWN_SUBTITLES,
        "frames in which `.ass` subtitles in their own styling change, of all layers and rows",
        "composition_too_large",
    ),
)

BUDGET_GROUPS: Mapping[str, tuple[Budget, ...]] = MappingProxyType(
    {"Requests": _REQUEST, "Jobs": _JOB, "Compositions": _COMPOSITION}
)
"""Every budget, by the heading that it has in docs/limits.md."""
