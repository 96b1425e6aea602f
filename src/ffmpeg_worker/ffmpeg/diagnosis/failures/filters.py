"""Failures of one filter: its name, its options, their values, and its inputs."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import FILTER, Failure, failure, sign

_OLD_FILTER = r"\n(?:.*\n){0,4}?.*Error initializing filter '(?P<filter>\w+)'"
"""FFmpeg 5 names the filter some lines below."""

_RANGE = r"^[^\n]*Value (?P<value>\S+) for parameter '(?P<option>[^'\n]+)' out of range \[(?P<range>[^\]\n]*)\]"
_NO_OPTION_NAME = r"^(?>[^\n]*?No option name near '(?P<value>[^\n]+)')[^\n]*+"
_CHAIN = r"\n.*\n.*Error parsing filterchain '(?:[^\n]*?[\],;])?"

FILTERS: tuple[Failure, ...] = (
    failure(
        "filter_unknown",
        "Check the name; a comma inside a filter's value must be escaped (\\,) or quoted.",
        sign("This FFmpeg has no filter named '{filter}'.", r"No such filter: '(?P<filter>[^'\n]+)'"),
        # FFmpeg 9 checks the values first and reports a wrong name with unnamed values only in this way.
        sign(
            "This FFmpeg has no filter named '{filter}' that takes the value '{value}'.",
            _NO_OPTION_NAME + _CHAIN + r"(?P<filter>\w+)(?:@\w+)?=(?P=value)",
        ),
        near="filters",
    ),
    failure(
        "filter_option_unnamed",
        "Name the option (option=value), or escape a colon inside a value (\\:).",
        sign(
            "The filter '{filter}' cannot tell which option '{value}' is for.",
            _NO_OPTION_NAME + _CHAIN + r"(?P<filter>\w+)(?:@\w+)?=[^\n]*(?P=value)",
            FILTER + r"No option name near '(?P<value>[^\n]+)'",
        ),
        sign(
            "The filter '{filter}' has no options, but got '{value}'.",
            FILTER + r"This filter does not take any options, but options were provided: (?P<value>.*)\.$",
        ),
    ),
    failure(
        "filter_option_unknown",
        "Check the option's name in the filter's documentation.",
        sign(
            "The filter '{filter}' has no option '{option}'.",
            r"Error applying option '(?P<option>[^'\n]+)' to filter '(?P<filter>\w+)': Option not found",
            FILTER + r"Could not set non-existent option '(?P<option>[^'\n]+)'",
            FILTER + r"Option '(?P<option>[^'\n]+)' not found",
        ),
    ),
    failure(
        "filter_value_out_of_range",
        "Use a value in the range named.",
        sign(
            "The option '{option}' of the filter '{filter}' is {value}, but must be from {range}.",
            _RANGE + r"\n.*Error applying option '[^'\n]+' to filter '(?P<filter>\w+)'",
            _RANGE + _OLD_FILTER,
        ),
    ),
    failure(
        "filter_value_invalid",
        "Check the value; expressions may use the filter's own variables (iw, ih, t, n) only.",
        sign(
            "The option '{option}' of the filter '{filter}' cannot be '{value}'.",
            r"(?>Unable to parse (?:\"[^\"\n]+\" )?option value \"(?P<value>[^\n]*)\"[^\n]*\n)"
            r".*Error applying option '(?P<option>[^'\n]+)' to filter '(?P<filter>\w+)'",
            FILTER + r"Error setting option (?P<option>\S+) to value (?P<value>.*)\.$",
            r"Error setting option (?P<option>\S+) to value "
            r"(?P<value>.*)\.\n.*\[Parsed_(?P<filter>\w+?)_\d+\] Error applying options",
        ),
        sign(
            "The {option} of the filter '{filter}' cannot be '{value}'.",
            FILTER + r"Cannot parse expression for (?P<option>\w+): '(?P<value>[^\n]*)'",
        ),
        sign(
            "The filter '{filter}' does not understand the expression '{value}'.",
            FILTER + r"(?:Error when evaluating the|Error while parsing) (?:\w+ )?expression '(?P<value>[^\n]*)'",
        ),
        sign(
            "The filter '{filter}' has an unknown {kind}: '{value}'.",
            FILTER + r"Invalid (?P<kind>pixel format|sample format|channel layout) '(?P<value>[^'\n]*)'",
            FILTER + r"Error parsing (?P<kind>sample format|channel layout): (?P<value>.*)\.$",
        ),
        sign(
            "The filter '{filter}' does not understand the value '{value}'.",
            FILTER + r"(?:Undefined constant or missing '\(' in"
            r"|Invalid chars '[^\n]*' at the end of expression) '(?P<value>[^\n]*)'",
        ),
    ),
    failure(
        "filter_option_missing",
        "Set the required option.",
        sign(
            "The filter '{filter}' has no text to draw: text or textfile is missing.",
            FILTER + r"Either text, a valid file, a timecode or text source must be provided",
        ),
    ),
    failure(
        "filter_file_not_found",
        "Send the file as an input of the job and use its name in the filter.",
        sign("The filter '{filter}' cannot open '{file}'.", FILTER + r"Unable to open (?P<file>.+)$"),
        sign(
            "The filter '{filter}' cannot read '{file}'.",
            FILTER + r"Could not create a libass track when reading file '(?P<file>[^\n]*)'",
            FILTER + r"Cannot read file '(?P<file>[^\n]*)'",
        ),
        sign(
            "The filter '{filter}' cannot open '{file}'.",
            FILTER + r"Failed to avformat_open_input '(?P<file>[^\n]*)'",
            FILTER + r"(?P<file>[^:\n]+): No such file or directory",
        ),
    ),
    failure(
        "subtitle_stream_missing",
        "Name a file that has subtitles, or another one of its streams (stream_index).",
        sign(
            "There are no subtitles in '{file}' for the filter '{filter}'.",
            FILTER + r"Unable to locate subtitle stream in (?P<file>.+)$",
        ),
    ),
    failure(
        "filter_model_unknown",
        "Use a built-in model: vmaf_v0.6.1, vmaf_v0.6.1neg, vmaf_4k_v0.6.1.",
        sign(
            "The filter '{filter}' has no model named '{value}'.",
            FILTER + r"could not load libvmaf model with version: (?P<value>.+)$",
        ),
    ),
    failure(
        "filter_channel_missing",
        "Use channels that the input has; the action probe shows its layout.",
        sign(
            "The filter '{filter}' asks for a channel that its input, '{layout}', does not have.",
            FILTER + r"input channel \S+ not available from input layout '(?P<layout>[^'\n]*)'",
        ),
    ),
    failure(
        "filter_size_impossible",
        "Crop to at most the frame's size, pad to at least it, and scale to at most 16384 pixels a side.",
        sign(
            "The filter '{filter}' cannot crop {width}x{height} from a smaller frame.",
            FILTER + r"Invalid too big or non positive size for width '(?P<width>[^'\n]*)' or height "
            r"'(?P<height>[^'\n]*)'",
        ),
        sign(
            "The filter '{filter}' cannot pad to less than the size of the frame.",
            FILTER + r"Padded dimensions cannot be smaller than input dimensions",
        ),
        sign(
            "The filter '{filter}' cannot make a frame that large.",
            FILTER + r"(?:Rescaled value for width or height is too big"
            r"|Picture size (?P<size>\d+x\d+) is invalid)",
        ),
    ),
    failure(
        "filter_inputs_differ",
        "Convert all inputs to one size, frame rate and pixel format first: scale, setsar, fps, format, settb.",
        sign(
            "The inputs of the filter '{filter}' differ: {reason}.",
            FILTER + r"(?P<reason>(?:Input|First input) [^\n]* (?:does|do) not match[^\n]*)$",
        ),
    ),
)
