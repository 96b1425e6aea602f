"""Failures of options and their values, outside filters."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import WHO, Failure, failure, sign

OPTIONS: tuple[Failure, ...] = (
    failure(
        "option_unknown",
        "Check the name of the option; an option after the last output belongs to nothing.",
        sign("FFmpeg has no option '-{option}'.", r"Unrecognized option '(?P<option>[^'\n]*)'"),
        sign(
            "FFmpeg has no hardware acceleration named '{value}'.",
            r"Unrecognized hwaccel: (?P<value>.+)\.$",
        ),
        near="options",
    ),
    failure(
        "option_misplaced",
        "Put options of an input before its -i, and options of an output before its name.",
        sign(
            "The option '-{option}' does not apply to the input '{input}'.",
            r"Option (?P<option>\S+) \([^\n]{0,300}?\) cannot be applied to input url (?P<input>[^\n]*?) -- ",
        ),
        sign(
            "The option '-{option}' does not apply to the output '{output}'.",
            r"Option (?P<option>\S+) \([^\n]{0,300}?\) cannot be applied to output url (?P<output>[^\n]*?) -- ",
        ),
        sign(
            "The option '-{option}' is not an option for {kind}.",
            r"Codec AVOption (?P<option>\S+) \([^\n]*is not an? (?P<kind>decoding|encoding) option",
        ),
        sign(
            "The option '-{option}' does not apply to the file after it.", r"^Option (?P<option>\S+) not found\.$"
        ),
    ),
    failure(
        "option_argument_missing",
        "Give the option its value.",
        sign("The option '-{option}' has no value.", r"Missing argument for option '(?P<option>[^'\n]*)'"),
    ),
    failure(
        "option_conflict",
        "Remove one of the two.",
        sign(
            "The options '{first}' and '{second}' exclude each other.",
            r"Error, both (?P<first>-\w+) and (?P<second>-\w+) supplied",
        ),
        sign(
            "The options '-r' and '-fps_mode' exclude each other: with -r all frames last equally long.",
            r"One of -r/-fpsmax was specified together a non-CFR -vsync/-fps_mode",
            hint="Remove -r to keep the times of the frames as they are, or -fps_mode to get that rate.",
        ),
        options=("-fps_mode", "-vsync", "-r"),
    ),
    failure(
        "duration_invalid",
        "Write seconds (12.5) or [HH:]MM:SS[.mmm]; a duration may not be negative.",
        sign(
            "The option '-{option}' is not a time: '{value}'.",
            r"Invalid duration (?:specification )?for (?:option )?(?P<option>[^:\s]+(?::\S+)?): (?P<value>.*)$",
        ),
        sign(
            "'{value}' is not a time.",
            r"Unable to parse (?:\"(?P<option>[^\"\n]+)\" )?option value \"(?P<value>[^\"\n]*)\" as duration",
        ),
        sign("The option '-{option}' is negative.", r"-(?P<option>t|to|ss) value must be non-negative"),
        sign("A duration is negative.", r"parameter '(?P<parameter>durationi)' out of range"),
        options=("-t", "-to"),
    ),
    failure(
        "time_range_empty",
        "Make -to later than -ss, or give the length with -t.",
        sign(
            "The end set with '-to' lies before the start set with '-ss'.",
            r"-(?P<option>to) value smaller than -ss",
        ),
    ),
    failure(
        "pixel_format_unknown",
        "Use a pixel format that FFmpeg knows, most often yuv420p.",
        sign(
            "There is no pixel format '{value}'.",
            r"Unknown pixel format requested: (?P<value>.+)\.$",
            r"option value \"(?P<value>[^\"\n]*)\" as pixel format",
            r"No such pixel format: (?P<value>.+)\.$",
        ),
    ),
    failure(
        "option_value_out_of_range",
        "Use a value in the range named.",
        sign(
            "The option '-{option}' is {value}, but must be from {range}.",
            r"^[^\n]*Value (?P<value>\S+) for parameter "
            r"'(?P<option>[^'\n]+)' out of range \[(?P<range>[^\]\n]*)\]",
        ),
        sign(
            "The quality set with '-crf' is out of the encoder's range.",
            r"Valid quality based range: ",
            argument=r"^-crf$",
        ),
    ),
    failure(
        "option_value_invalid",
        "Check the value and its unit (1M, not 1Mbit).",
        sign(
            "The option '-{option}' cannot be '{value}'.",
            r"Unable to parse (?:\"[^\"\n]+\" )?option value \"[^\n]*\n[^\n]*Error setting "
            r"option (?P<option>\S+) to value (?P<value>.*)\.$",
        ),
        sign(
            "The encoder has no preset '{value}'.",
            r"Error setting preset/tune (?P<value>[^/\n]+)/\(null\)\.$",
        ),
        sign("The encoder has no tune '{value}'.", r"Error setting preset/tune [^/\n]+/(?P<value>[^\n]+)\.$"),
        sign(
            "The encoder has no profile '{value}'.",
            r"invalid (?P<option>profile): (?P<value>.+)$",
            r"unknown (?P<option>profile) <(?P<value>[^>\n]*)>",
        ),
        sign(
            "The option '-{option}' cannot be '{value}'.",
            r"Error setting option (?P<option>\S+) to value (?P<value>.*)\.$",
            r"Error parsing option '(?P<option>[^'\n]+)' with value '(?P<value>[^'\n]*)'",
        ),
        sign(
            "The option '-{option}' needs a number, not '{value}'.",
            r"Expected (?:number|int\w*) for (?P<option>\S+) but found: (?P<value>.*)$",
        ),
        sign(
            "The option '-{option}' cannot be '{value}'.",
            r"Invalid value (?P<value>.*) specified for (?P<option>\S+) of",
        ),
        sign(
            "'{value}' is not a valid {kind}.",
            WHO + r"Invalid (?P<kind>framerate|aspect ratio|time base|frame size"
            r"|keyframe time)(?: value)?: (?P<value>[^\n]+?)\.?$",
        ),
        sign(
            "The option '-{option}' does not understand '{value}'.",
            WHO + r"Invalid (?P<option>force_key_frames) expression '(?P<value>[^\n]*)'",
        ),
        sign("There is no {kind} '{value}'.", WHO + r"(?:Invalid (?P<kind>sample format)) '(?P<value>[^'\n]*)'"),
        sign("There is no channel layout '{value}'.", r"Unknown channel layout: (?P<value>.+)$"),
        sign(
            "The option '-{option}' needs key=value, not '{value}'.",
            r"No '=' character in (?P<option>metadata) string (?P<value>.+)\.$",
        ),
        sign(
            "An option cannot be '{value}'.",
            r"Unable to parse (?:\"(?P<option>[^\"\n]+)\" )?option value \"(?P<value>[^\"\n]*)\"",
        ),
        sign(
            "The option '-{option}' does not know this kind of target.",
            r"Could not determine norm \(PAL/NTSC/NTSC-Film\) for (?P<option>target)",
        ),
    ),
    failure(
        "stream_specifier_invalid",
        "Write a stream as file:type:number, for example 0:v or 0:a:1; without the file in an option: -c:a:1.",
        sign(
            "'{stream}' does not name a stream.",
            r"Trailing garbage (?:after|at the end of a?) ?stream specifier: (?P<stream>.+)$",
            r"Invalid stream specifier: (?P<stream>.+)\.$",
        ),
    ),
    failure(
        "stream_map_empty",
        "Map a stream that the input has, or add ? (as in 0:a?) to make it optional.",
        sign(
            "No input stream matches '-map {stream}'.",
            r"Stream map '' matches no streams[^\n]*\n(?:[^\n]*\n){0,4}?[^\n]*Failed to set "
            r"value '(?P<stream>[^'\n]*)' for option '(?P<option>map)'",
            r"Stream (?P<option>map) '(?P<stream>[^'\n]*)' matches no streams",
        ),
    ),
    failure(
        "input_index_unknown",
        "Inputs are counted from 0, in the order of the -i options.",
        sign("There is no input number {index}.", r"Invalid input file index:? (?P<index>\d+)"),
        sign(
            "The filter graph uses input number {index}, which does not exist.",
            r"Invalid file index (?P<index>\d+) in filtergraph description",
        ),
    ),
    failure(
        "option_value_rejected",
        "Check the value in FFmpeg's documentation of the option.",
        sign(
            "The option '-{option}' does not accept '{value}'.",
            r"Failed to set value '(?P<value>[^\n]*)' for option '(?P<option>(?!\w*_device)[^'\n]+)'",
        ),
    ),
)
