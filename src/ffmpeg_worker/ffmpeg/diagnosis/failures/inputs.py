"""Failures of inputs and of the files that they refer to."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, sign

INPUTS: tuple[Failure, ...] = (
    Failure(
        "concat_file_unsafe",
        "Put -safe 0 before -i, or use relative names of plain letters in the list.",
        (
            sign(
                r"Unsafe file name '(?P<file>[^\n]*)'",
                "The concat list names '{file}', which FFmpeg considers unsafe.",
            ),
        ),
        options=("-i",),
    ),
    Failure(
        "concat_list_invalid",
        "Write one line per file: file 'name.mp4'.",
        (
            sign(
                r"Line (?P<line>\d+): (?P<problem>unknown keyword '[^'\n]*'|[^\n]+)",
                "Line {line} of the concat list is wrong: {problem}.",
            ),
        ),
        options=("-i",),
    ),
    Failure(
        "listed_file_not_found",
        "Send every file that the list names, under the same name.",
        (sign(r"Impossible to open '(?P<file>[^\n]*)'", "The list names '{file}', which cannot be opened."),),
        options=("-i",),
    ),
    Failure(
        "protocol_not_allowed",
        "Send the file as an input of the job; only the job's own files may be opened from here.",
        (
            sign(
                r"Protocol '(?P<protocol>[^'\n]*)' not on whitelist",
                "An address with '{protocol}' may not be opened here.",
            ),
        ),
        options=("-i",),
    ),
    Failure(
        "format_not_accepted",
        "Send media that refers to no other file; a playlist needs the name of a playlist, or -f.",
        (sign(r"Format not on whitelist '", "The format of the input is not accepted."),),
        options=("-i",),
    ),
    Failure(
        "picture_too_large",
        "Send a smaller picture.",
        (
            sign(
                r"Picture size (?P<size>\d+x\d+) exceeds specified max pixel count",
                "The picture, {size}, has more pixels than the worker accepts.",
            ),
        ),
        options=("-i",),
    ),
    Failure(
        "encryption_key_missing",
        "Send the key file with the playlist, under the name that the playlist uses.",
        (
            sign(
                r"Unable to open key file (?P<file>[^,\n]+)",
                "The input is encrypted and its key '{file}' cannot be opened.",
            ),
            sign(r"error opening key info file (?P<file>.+)$", "The key info file '{file}' cannot be opened."),
        ),
        options=("-hls_key_info_file", "-i"),
    ),
    Failure(
        "image_sequence_not_found",
        "Check the pattern and the first number (-start_number), or use -pattern_type glob.",
        (
            sign(
                r"Could find no file (?:or sequence )?with path '(?P<input>[^\n]*)' and index",
                "No image matches the pattern '{input}'.",
            ),
        ),
    ),
    Failure(
        "input_frame_size_missing",
        "Put -video_size WIDTHxHEIGHT, -pixel_format and -framerate before -i.",
        (
            sign(
                r"^\[(?:in#\d+|rawvideo)[^\n]*Picture size 0x0 is invalid",
                "The frame size of the raw video input is missing.",
            ),
        ),
        options=("-f",),
    ),
    Failure(
        "raw_input_too_short",
        "Check -video_size and -pixel_format: they do not fit the file.",
        (
            sign(
                r"Invalid buffer size, packet size (?P<size>\d+) < expected frame_size (?P<needed>\d+)",
                "The raw video input has {size} bytes, but one frame needs {needed}.",
            ),
        ),
        options=("-i",),
    ),
    Failure(
        "side_file_not_found",
        "Send the file as an input of the job and use its name.",
        (
            sign(r"Could not open attachment file (?P<file>.+)\.$", "The attachment '{file}' cannot be opened."),
            sign(r"File for preset '(?P<file>[^'\n]*)' not found", "The preset file '{file}' does not exist."),
            sign(
                r"Error reading the value for option '(?P<option>[^'\n]*)' from file: (?P<file>.+)$",
                "The file '{file}' with the value of -{option} cannot be read.",
            ),
            sign(
                r"Error opening file (?P<file>[^\n]*)\.\n[^\n]*option 'filter_complex_script'",
                "The filter graph's file '{file}' cannot be read.",
            ),
        ),
    ),
)
