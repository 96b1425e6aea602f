"""Failures of output files: their names, formats and streams."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, sign

_MUXER = r"^\[(?P<format>[\w,]+)\] "

OUTPUTS: tuple[Failure, ...] = (
    Failure(
        "output_missing",
        "End the command with the name of a file to write.",
        (
            sign(
                r"At least one output file must be specified|Use -h to get full help",
                "The command names no output file.",
            ),
        ),
    ),
    Failure(
        "output_same_as_input",
        "Give the output another name.",
        (
            sign(
                r"Output (?P<output>[^\n]*) same as Input #\d+ - exiting",
                "The output '{output}' is also an input.",
            ),
        ),
    ),
    Failure(
        "output_exists",
        "Give the output another name, or add -y to overwrite.",
        (sign(r"File '(?P<output>[^\n]*)' already exists\. Exiting", "The output '{output}' exists already."),),
    ),
    Failure(
        "output_without_streams",
        "Check that an input is named with -i and that its streams are not all left out by "
        "-map, -vn, -an or the format.",
        (sign(r"Output file (?:#\d+ )?does not contain any stream", "Nothing is left to write into the output."),),
    ),
    Failure(
        "output_empty",
        "Check -ss, -t and -frames: the selected part is outside the input.",
        (
            sign(
                r"^(?:\[[^\]\n]*\] )*(?:Empty output|Output file is empty, nothing was encoded)$",
                "Nothing was written: the selected part is empty.",
            ),
        ),
        options=("-ss", "-t", "-frames"),
    ),
    Failure(
        "output_format_unknown",
        "Use a usual extension (.mp4, .mkv, .webm, .mp3), or name the format with -f.",
        (
            sign(
                r"Unable to (?:choose an|find a suitable) output format for '(?P<output>[^\n]*?)'(?:;|$)",
                "The format does not follow from the name '{output}'.",
            ),
        ),
    ),
    Failure(
        "format_unknown",
        "Use a format that FFmpeg knows, or leave out -f.",
        (
            sign(r"Requested output format '(?P<format>[^'\n]*)' is not", "There is no output format '{format}'."),
            sign(r"Unknown input format: '(?P<format>[^'\n]*)'", "There is no input format '{format}'."),
        ),
        near="formats",
    ),
    Failure(
        "stream_count_unsupported",
        "Map exactly the streams that the format supports, or write Matroska (.mkv).",
        (
            sign(
                _MUXER + r"\w+ muxer does not support more than one stream of type (?P<kind>\w+)",
                "The format '{format}' holds one {kind} stream only.",
            ),
            sign(
                _MUXER + r"WAVE files have exactly one stream",
                "The format '{format}' holds one audio stream only.",
            ),
            sign(
                _MUXER + r"Invalid audio stream\. Exactly one MP3 audio stream is required",
                "The format '{format}' holds one audio stream only.",
            ),
            sign(_MUXER + r"No audio stream present", "The format '{format}' needs an audio stream."),
        ),
        options=("-map",),
    ),
    Failure(
        "codec_not_in_container",
        "Choose an encoder that the format supports, or another format; Matroska (.mkv) supports nearly all.",
        (
            sign(
                _MUXER + r"Could not find tag for codec (?P<codec>\w+) in stream #(?P<stream>\d+)",
                "The format '{format}' cannot hold '{codec}'.",
            ),
            sign(
                _MUXER + r"Only (?P<codecs>[^\n]*) are supported for WebM",
                "The format '{format}' holds only {codecs}.",
            ),
            sign(
                _MUXER + r"(?P<codec>\w+) only supported in (?P<other>\w+)",
                "The format '{format}' cannot hold '{codec}', only {other} can.",
            ),
            sign(
                _MUXER + r"(?:Audio|Video) codec '?(?P<codec>\w+)'? not compatible with",
                "The format '{format}' cannot hold '{codec}'.",
            ),
            sign(
                _MUXER + r"Unsupported codec id in stream (?P<stream>\d+)",
                "The format '{format}' cannot hold the codec of stream {stream}.",
            ),
            sign(
                _MUXER + r"Subtitle codec (?:(?P<codec>[a-z]\w+) \(\d+\)|\d+) is not supported",
                "The format '{format}' cannot hold these subtitles.",
            ),
            sign(
                _MUXER + r"Subtitle streams other than [^\n]* is not implemented",
                "The format '{format}' cannot hold these subtitles.",
            ),
            sign(
                _MUXER + r"Tag (?P<value>\S+) incompatible with output codec id",
                "The tag '{value}' does not fit the codec in the format '{format}'.",
            ),
            sign(
                _MUXER + r"(?P<codec>Raw RGB) is not supported Natively in",
                "The format '{format}' cannot hold raw RGB video.",
            ),
        ),
    ),
    Failure(
        "encoder_not_chosen",
        "Remove that kind of stream (-vn, -an, -sn) or name an encoder with -c.",
        (
            sign(
                r"Automatic encoder selection failed[^\n]*Default encoder for format "
                r"(?P<format>\w+) \(codec (?P<codec>\w+)\)",
                "The format '{format}' has no default encoder for one of the streams.",
            ),
        ),
    ),
    Failure(
        "sample_rate_not_in_container",
        "Set the rate that the format needs, usually -ar 48000.",
        (sign(_MUXER + r"only 48khz is implemented", "The format '{format}' holds audio of 48000 Hz only."),),
    ),
    Failure(
        "output_not_seekable",
        "Write to a file, or use a stream format: -movflags frag_keyframe+empty_moov, -f matroska or -f mpegts.",
        (
            sign(
                _MUXER + r"muxer does not support non seekable output",
                "The format '{format}' cannot be written to a pipe.",
            ),
        ),
    ),
    Failure(
        "output_name_needs_pattern",
        "Put a number into the name (%03d), or write a single image with -frames:v 1 -update 1.",
        (
            sign(
                r"Cannot write more than one file with the same name",
                "Several images would be written to one name.",
            ),
            sign(
                r"Invalid segment filename template '(?P<output>[^'\n]*)'",
                "The name '{output}' has no pattern for the number of the segment.",
            ),
        ),
    ),
    Failure(
        "bitstream_filter_unknown",
        "Check the name after -bsf.",
        (
            sign(
                r"Error parsing bitstream filter sequence '(?P<value>[^'\n]*)': Bitstream filter not found",
                "This FFmpeg has no bitstream filter '{value}'.",
            ),
        ),
    ),
    Failure(
        "bitstream_filter_unsupported",
        "Use a bitstream filter for this codec.",
        (
            sign(
                r"Codec '(?P<codec>\w+)' \(\d+\) is not supported by the bitstream filter '(?P<value>[^'\n]*)'",
                "The bitstream filter '{value}' does not support '{codec}'.",
            ),
            sign(
                r"Error parsing bitstream filter sequence '(?P<value>[^'\n]*)'",
                "The options of the bitstream filter '{value}' are wrong.",
            ),
        ),
    ),
    Failure(
        "muxing_queue_full",
        "Remove -max_muxing_queue_size or raise it (1024 or more).",
        (
            sign(
                r"Too many packets buffered for output stream (?P<stream>\d+:\d+)",
                "Too many packets of the output stream {stream} waited for another stream to start.",
            ),
            sign(
                r"Too many packets buffered for output stream\.",
                "Too many packets of an output stream waited for another stream to start.",
            ),
        ),
        options=("-max_muxing_queue_size",),
    ),
)
