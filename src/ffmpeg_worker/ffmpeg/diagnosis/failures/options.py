"""Failures of options and their values, outside filters."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import WHO, Failure, sign

OPTIONS: tuple[Failure, ...] = (
    Failure(
        "option_unknown",
        "Check the name of the option; an option after the last output belongs to nothing.",
        (
            sign(r"Unrecognized option '(?P<option>[^'\n]*)'", "FFmpeg has no option '-{option}'."),
            sign(
                r"Unrecognized hwaccel: (?P<value>.+)\.$",
                "FFmpeg has no hardware acceleration "
                r"named '{value}'.",
            ),
        ),
        near="options",
    ),
    Failure(
        "option_misplaced",
        "Put options of an input before its -i, and options of an output before its name.",
        (
            sign(
                r"Option (?P<option>\S+) \([^\n]*\) cannot be applied to input url (?P<input>[^\n]*?) -- ",
                "The option '-{option}' does not apply to the input '{input}'.",
            ),
            sign(
                r"Option (?P<option>\S+) \([^\n]*\) cannot be applied to output url (?P<output>[^\n]*?) -- ",
                "The option '-{option}' does not apply to the output '{output}'.",
            ),
            sign(
                r"Codec AVOption (?P<option>\S+) \([^\n]*is not an? (?P<kind>decoding|encoding) option",
                "The option '-{option}' is not an option for {kind}.",
            ),
            sign(
                r"^Option (?P<option>\S+) not found\.$",
                "The option '-{option}' does not apply to the file after it.",
            ),
        ),
    ),
    Failure(
        "option_argument_missing",
        "Give the option its value.",
        (sign(r"Missing argument for option '(?P<option>[^'\n]*)'", "The option '-{option}' has no value."),),
    ),
    Failure(
        "option_conflict",
        "Remove one of the two.",
        (
            sign(
                r"Error, both (?P<first>-\w+) and (?P<second>-\w+) supplied",
                "The options '{first}' and '{second}' exclude each other.",
            ),
        ),
    ),
    Failure(
        "duration_invalid",
        "Write seconds (12.5) or [HH:]MM:SS[.mmm]; a duration may not be negative.",
        (
            sign(
                r"Invalid duration (?:specification )?for (?:option "
                r")?(?P<option>[^:\s]+(?::\S+)?): (?P<value>.*)$",
                "The option '-{option}' is not a time: '{value}'.",
            ),
            sign(
                r"Unable to parse (?:\"(?P<option>[^\"\n]+)\" )?option value "
                r"\"(?P<value>[^\"\n]*)\" as duration",
                "'{value}' is not a time.",
            ),
            sign(r"-(?P<option>t|to|ss) value must be non-negative", "The option '-{option}' is negative."),
            sign(r"parameter '(?P<parameter>durationi)' out of range", "A duration is negative."),
        ),
        options=("-t", "-to"),
    ),
    Failure(
        "time_range_empty",
        "Make -to later than -ss, or give the length with -t.",
        (
            sign(
                r"-(?P<option>to) value smaller than -ss",
                "The end set with '-to' lies before the start set with '-ss'.",
            ),
        ),
    ),
    Failure(
        "pixel_format_unknown",
        "Use a pixel format that FFmpeg knows, most often yuv420p.",
        (
            sign(r"Unknown pixel format requested: (?P<value>.+)\.$", "There is no pixel format '{value}'."),
            sign(r"option value \"(?P<value>[^\"\n]*)\" as pixel format", "There is no pixel format '{value}'."),
            sign(r"No such pixel format: (?P<value>.+)\.$", "There is no pixel format '{value}'."),
        ),
    ),
    Failure(
        "option_value_out_of_range",
        "Use a value in the range named.",
        (
            sign(
                r"^[^\n]*Value (?P<value>\S+) for parameter "
                r"'(?P<option>[^'\n]+)' out of range \[(?P<range>[^\]\n]*)\]",
                "The option '-{option}' is {value}, but must be from {range}.",
            ),
            sign(
                r"Valid quality based range: ",
                "The quality set with '-crf' is out of the encoder's range.",
                argument=r"^-crf$",
            ),
        ),
    ),
    Failure(
        "option_value_invalid",
        "Check the value and its unit (1M, not 1Mbit).",
        (
            sign(
                r"Unable to parse (?:\"[^\"\n]+\" )?option value \"[^\n]*\n[^\n]*Error setting "
                r"option (?P<option>\S+) to value (?P<value>.*)\.$",
                "The option '-{option}' cannot be '{value}'.",
            ),
            sign(
                r"Error setting preset/tune (?P<value>[^/\n]+)/\(null\)\.$",
                "The encoder has no "
                r"preset '{value}'.",
            ),
            sign(r"Error setting preset/tune [^/\n]+/(?P<value>[^\n]+)\.$", "The encoder has no tune '{value}'."),
            sign(r"invalid (?P<option>profile): (?P<value>.+)$", "The encoder has no profile '{value}'."),
            sign(r"unknown (?P<option>profile) <(?P<value>[^>\n]*)>", "The encoder has no profile '{value}'."),
            sign(
                r"Error setting option (?P<option>\S+) to value (?P<value>.*)\.$",
                "The option '-{option}' cannot be '{value}'.",
            ),
            sign(
                r"Error parsing option '(?P<option>[^'\n]+)' with value '(?P<value>[^'\n]*)'",
                "The option '-{option}' cannot be '{value}'.",
            ),
            sign(
                r"Expected (?:number|int\w*) for (?P<option>\S+) but found: (?P<value>.*)$",
                "The option '-{option}' needs a number, not '{value}'.",
            ),
            sign(
                r"Invalid value (?P<value>.*) specified for (?P<option>\S+) of",
                "The option '-{option}' cannot be '{value}'.",
            ),
            sign(
                WHO + r"Invalid (?P<kind>framerate|aspect ratio|time base|frame size"
                r"|keyframe time)(?: value)?: (?P<value>[^\n]+?)\.?$",
                "'{value}' is not a valid {kind}.",
            ),
            sign(
                WHO + r"Invalid (?P<option>force_key_frames) expression '(?P<value>[^\n]*)'",
                "The option '-{option}' does not understand '{value}'.",
            ),
            sign(
                WHO + r"(?:Invalid (?P<kind>sample format)) '(?P<value>[^'\n]*)'", "There is no {kind} '{value}'."
            ),
            sign(r"Unknown channel layout: (?P<value>.+)$", "There is no channel layout '{value}'."),
            sign(
                r"No '=' character in (?P<option>metadata) string (?P<value>.+)\.$",
                "The option '-{option}' needs key=value, not '{value}'.",
            ),
            sign(
                r"Unable to parse (?:\"(?P<option>[^\"\n]+)\" )?option value \"(?P<value>[^\"\n]*)\"",
                "An option cannot be '{value}'.",
            ),
            sign(
                r"Could not determine norm \(PAL/NTSC/NTSC-Film\) for (?P<option>target)",
                "The option '-{option}' does not know this kind of target.",
            ),
        ),
    ),
    Failure(
        "stream_specifier_invalid",
        "Write a stream as file:type:number, for example 0:v or 0:a:1; without the file in an option: -c:a:1.",
        (
            sign(
                r"Trailing garbage (?:after|at the end of a?) ?stream specifier: (?P<stream>.+)$",
                "'{stream}' does not name a stream.",
            ),
            sign(r"Invalid stream specifier: (?P<stream>.+)\.$", "'{stream}' does not name a stream."),
        ),
    ),
    Failure(
        "stream_map_empty",
        "Map a stream that the input has, or add ? (as in 0:a?) to make it optional.",
        (
            sign(
                r"Stream map '' matches no streams[^\n]*\n(?:[^\n]*\n)*?[^\n]*Failed to set "
                r"value '(?P<stream>[^'\n]*)' for option '(?P<option>map)'",
                "No input stream matches '-map {stream}'.",
            ),
            sign(
                r"Stream (?P<option>map) '(?P<stream>[^'\n]*)' matches no streams",
                "No input stream matches '-map {stream}'.",
            ),
        ),
    ),
    Failure(
        "input_index_unknown",
        "Inputs are counted from 0, in the order of the -i options.",
        (
            sign(r"Invalid input file index:? (?P<index>\d+)", "There is no input number {index}."),
            sign(
                r"Invalid file index (?P<index>\d+) in filtergraph description",
                "The filter graph uses input number {index}, which does not exist.",
            ),
        ),
    ),
    Failure(
        "option_value_rejected",
        "Check the value in FFmpeg's documentation of the option.",
        (
            sign(
                r"Failed to set value '(?P<value>[^\n]*)' for option '(?P<option>(?!\w*_device)[^'\n]+)'",
                "The option '-{option}' does not accept '{value}'.",
            ),
        ),
    ),
)
