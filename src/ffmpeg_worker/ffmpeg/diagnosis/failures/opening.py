"""Failures to open files, by the reason of the operating system.

The patterns match lines of `engine_log.find_open_failures`.
"""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import WHO, Failure, sign

_IN = r"^opening input (?P<input>.*): "
_OUT = r"^opening output (?P<output>.*): "

OPENING: tuple[Failure, ...] = (
    Failure(
        "input_not_found",
        "Check the name after -i; it must be an input of the job or lie under the data root.",
        (sign(_IN + "No such file or directory", "The input '{input}' does not exist."),),
    ),
    Failure(
        "input_is_directory",
        "Name a file inside the directory.",
        (sign(_IN + "Is a directory", "The input '{input}' is a directory, not a file."),),
    ),
    Failure(
        "input_forbidden",
        "Make the file readable for the worker, or upload it again.",
        (sign(_IN + "Permission denied", "The worker may not read the input '{input}'."),),
    ),
    Failure(
        "input_http_error",
        "Check that the address is right and has not expired: open it without cookies, as the worker does.",
        (
            sign(
                _IN + r"Server returned (?P<status>\w+ [A-Z]\w+)",
                "The server answered '{status}' to the request for the input '{input}'.",
            ),
        ),
    ),
    Failure(
        "protocol_unknown",
        "Use a file name or an https address.",
        (sign(_IN + "Protocol not found", "This FFmpeg cannot open addresses like '{input}'."),),
    ),
    Failure(
        "output_unreachable",
        "Check the address and that the receiver is listening, then try again.",
        (sign(_OUT + r"(?:Connection \w+(?: \w+)?|Input/output error)", "Nothing is listening at '{output}'."),),
    ),
    Failure(
        "input_unreachable",
        "Check the name of the host and that it is running, then try again.",
        (
            sign(r"Failed to resolve hostname (?P<host>[^:\s]+)", "The host '{host}' of an address is unknown."),
            sign(
                _IN + r"Connection (?:refused|timed out|reset)",
                "The server of the input '{input}' does not answer.",
            ),
        ),
        options=("-i",),
    ),
    Failure(
        "input_incomplete",
        "Upload the whole file again, or repair it: its index, which is written last, is missing.",
        (
            sign(
                r"(?<!misdetection possible!\n)"
                + WHO
                + r"moov atom not found\n(?:.*\n)*?opening input (?P<input>.*): Invalid data found",
                "The input '{input}' is incomplete: it was cut off, or its upload did not finish.",
            ),
        ),
    ),
    Failure(
        "input_unreadable",
        "Send a media file; for raw data without a header, name the format with -f before -i.",
        (
            sign(
                _IN + "Invalid data found when processing input",
                "The input '{input}' is empty or not media that FFmpeg can read.",
            ),
            sign(
                _IN + r"(?:Invalid argument|End of file)",
                "The input '{input}' cannot be read in the format that it should have.",
            ),
            sign(
                r"^(?P<input>[^\[\n].*): could not find codec parameters",
                "No playable stream was found in the input '{input}'.",
            ),
            sign(WHO + r"could not find codec parameters", "No playable stream was found in an input."),
        ),
    ),
    Failure(
        "output_directory_missing",
        "Write to a plain file name, or to a directory that exists.",
        (
            sign(
                _OUT + r"(?:No such file or|Not a) directory",
                "The directory of the output '{output}' does not exist.",
            ),
            sign(
                r"Could not write header.*: No such file or directory",
                "The directory of the output does not exist.",
            ),
        ),
    ),
    Failure(
        "output_is_directory",
        "Give the output a file name.",
        (sign(_OUT + "Is a directory", "The output '{output}' is a directory."),),
    ),
    Failure(
        "output_name_too_long",
        "Use a name of at most 255 bytes.",
        (sign(_OUT + "File name too long", "The name of the output is too long: '{output}'."),),
    ),
    Failure(
        "output_forbidden",
        "Write to a plain file name in the directory of the job.",
        (
            sign(
                _OUT + r"(?:Permission denied|Read-only file system|Operation not permitted)",
                "The worker may not write the output '{output}'.",
            ),
        ),
    ),
)
