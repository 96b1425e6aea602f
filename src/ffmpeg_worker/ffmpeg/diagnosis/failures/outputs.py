"""Failures of output files: their names, formats and streams."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, failure, sign

_MUXER = r"^\[(?P<format>[\w,]+)\] "

_NO_TAG = r"Could not find tag for codec "
_SPECIAL_STREAMS = (
    sign(
        # Both hold these codecs, but for covers.
        "The format '{format}' holds covers as pictures only, and the cover would become '{codec}' video.",
        r"^\[(?P<format>ipod|mp4|mov)\] " + _NO_TAG + r"(?P<codec>h264|hevc|mpeg4|av1) in stream #(?P<stream>\d+)",
        hint="Leave the cover out with -vn, or keep it as it is: -c:v copy -disposition:v attached_pic.",
    ),
    sign(
        "The format '{format}' cannot hold the data or attachment in stream {stream}.",
        _MUXER + _NO_TAG + r"none in stream #(?P<stream>\d+)",
        hint="Map picture and sound only, instead of all streams: -map 0:v -map 0:a:0. -dn leaves out streams "
        "of data, and -ignore_unknown those of unknown kinds.",
    ),
    sign(
        "The format '{format}' cannot hold '{codec}' sound, which phones record beside the usual one.",
        _MUXER + _NO_TAG + r"(?P<codec>apple_apac|apac) in stream #(?P<stream>\d+)",
        _MUXER + r"No wav codec tag found for codec (?P<codec>apple_apac|apac)",
        hint="Map the picture and the first sound only: -map 0:v -map 0:a:0.",
    ),
    sign(
        "The format '{format}' cannot hold '{codec}' subtitles.",
        _MUXER + _NO_TAG + r"(?P<codec>subrip|ass|webvtt|text|eia_608) in stream #(?P<stream>\d+)",
        hint="Add -c:s mov_text, or leave the subtitles out with -sn.",
    ),
    sign(
        "The format '{format}' cannot hold '{codec}' subtitles.",
        _MUXER + _NO_TAG + r"(?P<codec>hdmv_pgs_subtitle|dvb_subtitle|xsub) in stream #(?P<stream>\d+)",
        hint="Leave these picture subtitles out with -sn, burn them in with overlay, or write Matroska (.mkv).",
    ),
    sign(
        "The format '{format}' cannot hold streams of data.",
        _MUXER + r"Only audio, video, and subtitles are supported for Matroska",
        hint="Leave streams of data out with -dn, or map the others only: -map 0:v -map 0:a -map 0:s?.",
    ),
    sign(
        "The format '{format}' cannot hold these subtitles.",
        r"^\[(?P<format>matroska)\] Subtitle codec (?:(?P<codec>[a-z]\w+) \(\d+\)|\d+) is not supported",
        hint="Convert them: -c:s srt, or -c:s ass to keep their style.",
    ),
    sign(
        "The format '{format}' cannot hold '{codec}' as it is.",
        r"^\[(?P<format>matroska)\] The Matroska muxer does not yet support muxing (?P<codec>\w+)",
        r"^\[(?P<format>matroska)\] No (?:bmp|wav) codec tag found for codec (?P<codec>\w+)",
        r"^\[(?P<format>matroska)\] (?P<codec>\w+) can only be written to WAVE with a constant frame size",
        hint="Encode this stream instead of copying it, for example with -c:v libx264 or -c:a flac, or write "
        "the format that the input has.",
    ),
)

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
    failure(
        "stream_count_unsupported",
        "Map exactly the streams that the format supports, or write Matroska (.mkv).",
        sign(
            "The format '{format}' holds one {kind} stream only.",
            _MUXER + r"\w+ muxer does not support more than one stream of type (?P<kind>\w+)",
        ),
        sign(
            "The format '{format}' holds one audio stream only.",
            _MUXER + r"WAVE files have exactly one stream",
            _MUXER + r"Invalid audio stream\. Exactly one MP3 audio stream is required",
        ),
        sign("The format '{format}' needs an audio stream.", _MUXER + r"No audio stream present"),
        options=("-map",),
    ),
    failure(
        "codec_not_in_container",
        "Choose an encoder that the format supports, or another format; Matroska (.mkv) supports nearly all.",
        *_SPECIAL_STREAMS,
        sign(
            "The format '{format}' cannot hold '{codec}'.",
            _MUXER + r"Could not find tag for codec (?P<codec>\w+) in stream #(?P<stream>\d+)",
        ),
        sign(
            "The format '{format}' cannot hold '{codec}'.",
            _MUXER + r"No wav codec tag found for codec (?P<codec>\w+)",
        ),
        sign(
            "The format '{format}' holds '{other}' only.",
            _MUXER + r"\w+ muxer supports only codec (?P<other>\w+) for type",
            hint="Choose that encoder instead of copying (-c:a), or a format that can hold the codec.",
        ),
        sign(
            "The format '{format}' holds only {codecs}.",
            _MUXER + r"Only (?P<codecs>[^\n]*) are supported for WebM",
            hint="Use -c:v libvpx-vp9, -c:a libopus and -c:s webvtt, or write Matroska (.mkv).",
        ),
        sign(
            "The format '{format}' cannot hold '{codec}', only {other} can.",
            _MUXER + r"(?P<codec>\w+) only supported in (?P<other>\w+)",
        ),
        sign(
            "The format '{format}' cannot hold '{codec}'.",
            _MUXER + r"(?:Audio|Video) codec '?(?P<codec>\w+)'? not compatible with",
        ),
        sign(
            "The format '{format}' cannot hold the codec of stream {stream}.",
            _MUXER + r"Unsupported codec id in stream (?P<stream>\d+)",
        ),
        sign(
            "The format '{format}' cannot hold these subtitles.",
            _MUXER + r"Subtitle codec (?:(?P<codec>[a-z]\w+) \(\d+\)|\d+) is not supported",
            _MUXER + r"Subtitle streams other than [^\n]* is not implemented",
        ),
        sign(
            "The tag '{value}' does not fit the codec in the format '{format}'.",
            _MUXER + r"Tag (?P<value>\S+) incompatible with output codec id",
        ),
        sign(
            "The format '{format}' cannot hold raw RGB video.",
            _MUXER + r"(?P<codec>Raw RGB) is not supported Natively in",
        ),
    ),
    failure(
        "timestamps_missing",
        "Put -fflags +genpts before the -i of this input; if that does not help, encode instead of copying.",
        sign(
            "Packets of an input have no timestamps, which the format '{format}' needs.",
            _MUXER + r"Can't write packet with unknown timestamp",
        ),
        options=("-c", "-codec", "-c:v", "-vcodec"),
    ),
    failure(
        "attachment_type_missing",
        "Add the media type of the attachment: -metadata:s:t mimetype=image/png, or application/x-truetype-font.",
        sign(
            "The attachment in stream {stream} has no media type, which the format '{format}' needs.",
            _MUXER + r"Attachment stream (?P<stream>\d+) has no mimetype tag",
        ),
        options=("-attach",),
    ),
    failure(
        "encoder_not_chosen",
        "Remove that kind of stream (-vn, -an, -sn) or name an encoder with -c.",
        sign(
            "The format '{format}' has no default encoder for one of the streams.",
            r"Automatic encoder selection failed[^\n]*Default encoder for format "
            r"(?P<format>\w+) \(codec (?P<codec>\w+)\)",
        ),
    ),
    failure(
        "sample_rate_not_in_container",
        "Set the rate that the format needs, usually -ar 48000.",
        sign("The format '{format}' holds audio of 48000 Hz only.", _MUXER + r"only 48khz is implemented"),
    ),
    failure(
        "output_not_seekable",
        "Write to a file, or use a stream format: -movflags frag_keyframe+empty_moov, -f matroska or -f mpegts.",
        sign(
            "The format '{format}' cannot be written to a pipe.",
            _MUXER + r"muxer does not support non seekable output",
        ),
    ),
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
