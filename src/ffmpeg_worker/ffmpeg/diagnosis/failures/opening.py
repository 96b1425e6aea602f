"""Failures to open files, by the reason of the operating system.

The patterns match lines of `engine_log.find_open_failures`.
"""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import WHO, Failure, failure, sign

_IN = r"^opening input (?P<input>.*): "
_OUT = r"^opening output (?P<output>.*): "

OPENING: tuple[Failure, ...] = (
    failure(
        "input_not_found",
        "Check the name after -i; it must be an input of the job or lie under the data root.",
        sign("The input '{input}' does not exist.", _IN + "No such file or directory"),
    ),
    failure(
        "input_is_directory",
        "Name a file inside the directory.",
        sign("The input '{input}' is a directory, not a file.", _IN + "Is a directory"),
    ),
    failure(
        "input_forbidden",
        "Make the file readable for the worker, or upload it again.",
        sign("The worker may not read the input '{input}'.", _IN + "Permission denied"),
    ),
    failure(
        "input_http_error",
        "Check that the address is right and has not expired: open it without cookies, as the worker does.",
        sign(
            "The server answered '{status}' to the request for the input '{input}'.",
            _IN + r"Server returned (?P<status>\w+ [A-Z]\w+)",
        ),
    ),
    failure(
        "protocol_unknown",
        "Use a file name or an https address.",
        sign("This FFmpeg cannot open addresses like '{input}'.", _IN + "Protocol not found"),
    ),
    failure(
        "output_unreachable",
        "Check the address and that the receiver is listening, then try again.",
        sign("Nothing is listening at '{output}'.", _OUT + r"(?:Connection \w+(?: \w+)?|Input/output error)"),
    ),
    failure(
        "input_unreachable",
        "Check the name of the host and that it is running, then try again.",
        sign("The host '{host}' of an address is unknown.", r"Failed to resolve hostname (?P<host>[^:\s]+)"),
        sign(
            "The server of the input '{input}' does not answer.", _IN + r"Connection (?:refused|timed out|reset)"
        ),
        options=("-i",),
    ),
    failure(
        "input_incomplete",
        "Upload the whole file again, or repair it: its index, which is written last, is missing.",
        sign(
            "The input '{input}' is incomplete: it was cut off, or its upload did not finish.",
            r"(?<!misdetection possible!\n)"
            + WHO
            + r"moov atom not found\n(?:.*\n){0,50}?opening input (?P<input>.*): Invalid data found",
        ),
    ),
    failure(
        "input_unreadable",
        "Send a media file; for raw data without a header, name the format with -f before -i.",
        sign(
            "The input '{input}' is empty or not media that FFmpeg can read.",
            _IN + "Invalid data found when processing input",
        ),
        sign(
            "The input '{input}' cannot be read in the format that it should have.",
            _IN + r"(?:Invalid argument|End of file)",
        ),
        sign(
            "No playable stream was found in the input '{input}'.",
            r"^(?P<input>[^\[\n].*): could not find codec parameters",
        ),
        sign("No playable stream was found in an input.", WHO + r"could not find codec parameters"),
    ),
    failure(
        "output_directory_missing",
        "Write to a plain file name, or to a directory that exists.",
        sign(
            "The directory of the output '{output}' does not exist.", _OUT + r"(?:No such file or|Not a) directory"
        ),
        sign(
            "The directory of the output does not exist.", r"Could not write header.*: No such file or directory"
        ),
    ),
    failure(
        "output_is_directory",
        "Give the output a file name.",
        sign("The output '{output}' is a directory.", _OUT + "Is a directory"),
    ),
    failure(
        "output_name_too_long",
        "Use a name of at most 255 bytes.",
        sign("The name of the output is too long: '{output}'.", _OUT + "File name too long"),
    ),
    failure(
        "output_forbidden",
        "Write to a plain file name in the directory of the job.",
        sign(
            "The worker may not write the output '{output}'.",
            _OUT + r"(?:Permission denied|Read-only file system|Operation not permitted)",
        ),
    ),
)
