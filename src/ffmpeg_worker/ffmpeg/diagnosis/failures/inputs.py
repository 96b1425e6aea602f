"""Failures of inputs and of the files that they refer to."""

from __future__ import annotations

from functools import partial

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, failure, sign

_input_failure = partial(failure, options=("-i",))

INPUTS: tuple[Failure, ...] = (
    _input_failure(
        "concat_file_unsafe",
        "Put -safe 0 before -i, or use relative names of plain letters in the list.",
        sign(
            "The concat list names '{file}', which FFmpeg considers unsafe.",
            r"Unsafe file name '(?P<file>[^\n]*)'",
        ),
    ),
    _input_failure(
        "concat_list_invalid",
        "Write one line per file: file 'name.mp4'.",
        sign(
            "Line {line} of the concat list is wrong: {problem}.",
            r"Line (?P<line>\d+): (?P<problem>unknown keyword '[^'\n]*'|[^\n]+)",
        ),
    ),
    _input_failure(
        "listed_file_not_found",
        "Send every file that the list names, under the same name.",
        sign("The list names '{file}', which cannot be opened.", r"Impossible to open '(?P<file>[^\n]*)'"),
    ),
    _input_failure(
        "protocol_not_allowed",
        "Send the file as an input of the job; only the job's own files may be opened from here.",
        sign(
            "An address with '{protocol}' may not be opened here.",
            r"Protocol '(?P<protocol>[^'\n]*)' not on whitelist",
        ),
    ),
    _input_failure(
        "format_not_accepted",
        "Send media that refers to no other file; a playlist needs the name of a playlist, or -f.",
        sign("The format of the input is not accepted.", r"Format not on whitelist '"),
    ),
    _input_failure(
        "picture_too_large",
        "Send a smaller picture.",
        sign(
            "The picture, {size}, has more pixels than the worker accepts.",
            r"Picture size (?P<size>\d+x\d+) exceeds specified max pixel count",
        ),
    ),
    failure(
        "encryption_key_missing",
        "Send the key file with the playlist, under the name that the playlist uses.",
        sign(
            "The input is encrypted and its key '{file}' cannot be opened.",
            r"Unable to open key file (?P<file>[^,\n]+)",
        ),
        sign("The key info file '{file}' cannot be opened.", r"error opening key info file (?P<file>.+)$"),
        options=("-hls_key_info_file", "-i"),
    ),
    failure(
        "image_sequence_not_found",
        "Check the pattern and the first number (-start_number), or use -pattern_type glob.",
        sign(
            "No image matches the pattern '{input}'.",
            r"Could find no file (?:or sequence )?with path '(?P<input>[^\n]*)' and index",
        ),
    ),
    failure(
        "input_frame_size_missing",
        "Put -video_size WIDTHxHEIGHT, -pixel_format and -framerate before -i.",
        sign(
            "The frame size of the raw video input is missing.",
            r"^\[(?:in#\d+|rawvideo)[^\n]*Picture size 0x0 is invalid",
        ),
        options=("-f",),
    ),
    _input_failure(
        "raw_input_too_short",
        "Check -video_size and -pixel_format: they do not fit the file.",
        sign(
            "The raw video input has {size} bytes, but one frame needs {needed}.",
            r"Invalid buffer size, packet size (?P<size>\d+) < expected frame_size (?P<needed>\d+)",
        ),
    ),
    failure(
        "side_file_not_found",
        "Send the file as an input of the job and use its name.",
        sign("The attachment '{file}' cannot be opened.", r"Could not open attachment file (?P<file>.+)\.$"),
        sign("The preset file '{file}' does not exist.", r"File for preset '(?P<file>[^'\n]*)' not found"),
        sign(
            "The file '{file}' with the value of -{option} cannot be read.",
            r"Error reading the value for option '(?P<option>[^'\n]*)' from file: (?P<file>.+)$",
        ),
        sign(
            "The filter graph's file '{file}' cannot be read.",
            r"Error opening file (?P<file>[^\n]*)\.\n[^\n]*option 'filter_complex_script'",
        ),
    ),
)
