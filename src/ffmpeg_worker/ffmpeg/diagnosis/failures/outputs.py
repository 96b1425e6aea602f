"""Failures of output files: their names, what is selected for them, and what their formats cannot hold."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.containers import CONTAINERS
from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, failure, sign

OUTPUTS: tuple[Failure, ...] = (
    failure(
        "output_missing",
        "End the command with the name of a file to write.",
        sign(
            "The command names no output file.",
            r"At least one output file must be specified|Use -h to get full help",
        ),
    ),
    failure(
        "output_same_as_input",
        "Give the output another name.",
        sign("The output '{output}' is also an input.", r"Output (?P<output>[^\n]*) same as Input #\d+ - exiting"),
    ),
    failure(
        "output_exists",
        "Give the output another name, or add -y to overwrite.",
        sign("The output '{output}' exists already.", r"File '(?P<output>[^\n]*)' already exists\. Exiting"),
    ),
    failure(
        "output_without_streams",
        "Check that the inputs have what the output is made of: sound with -vn or for MP3, a picture with -an or "
        "for an image. Check also that -map and the format leave a stream.",
        sign("Nothing is left to write into the output.", r"Output file (?:#\d+ )?does not contain any stream"),
    ),
    failure(
        "nothing_selected",
        "Check -ss, -t and -frames: the selected part is outside the input.",
        sign(
            "Nothing was written: the selected part is empty.",
            r"^(?:\[[^\]\n]*\] )*(?:Empty output|Output file is empty, nothing was encoded)$",
        ),
        options=("-ss", "-t", "-frames"),
    ),
    failure(
        "output_format_unknown",
        "Use a usual extension (.mp4, .mkv, .webm, .mp3), or name the format with -f.",
        sign(
            "The format does not follow from the name '{output}'.",
            r"Unable to (?:choose an|find a suitable) output format for '(?P<output>[^\n]*?)'(?:;|$)",
        ),
    ),
    failure(
        "format_unknown",
        "Use a format that FFmpeg knows, or leave out -f.",
        sign("There is no output format '{format}'.", r"Requested output format '(?P<format>[^'\n]*)' is not"),
        sign("There is no input format '{format}'.", r"Unknown input format: '(?P<format>[^'\n]*)'"),
        near="formats",
    ),
    *CONTAINERS,
    failure(
        "output_name_needs_pattern",
        "Put a number into the name (%03d), or write a single image with -frames:v 1 -update 1.",
        sign(
            "Several images would be written to one name.", r"Cannot write more than one file with the same name"
        ),
        sign(
            "The name '{output}' has no pattern for the number of the segment.",
            r"Invalid segment filename template '(?P<output>[^'\n]*)'",
        ),
    ),
    failure(
        "bitstream_filter_unknown",
        "Check the name after -bsf.",
        sign(
            "This FFmpeg has no bitstream filter '{value}'.",
            r"Error parsing bitstream filter sequence '(?P<value>[^'\n]*)': Bitstream filter not found",
        ),
    ),
    failure(
        "bitstream_filter_unsupported",
        "Use a bitstream filter for this codec.",
        sign(
            "The bitstream filter '{value}' does not support '{codec}'.",
            r"Codec '(?P<codec>\w+)' \(\d+\) is not supported by the bitstream filter '(?P<value>[^'\n]*)'",
        ),
        sign(
            "The options of the bitstream filter '{value}' are wrong.",
            r"Error parsing bitstream filter sequence '(?P<value>[^'\n]*)'",
        ),
    ),
    failure(
        "muxing_queue_full",
        "Remove -max_muxing_queue_size or raise it (1024 or more).",
        sign(
            "Too many packets of the output stream {stream} waited for another stream to start.",
            r"Too many packets buffered for output stream (?P<stream>\d+:\d+)",
        ),
        sign(
            "Too many packets of an output stream waited for another stream to start.",
            r"Too many packets buffered for output stream\.",
        ),
        options=("-max_muxing_queue_size",),
    ),
)
