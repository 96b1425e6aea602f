"""Failures of container formats that cannot hold a stream, or cannot be written in the way that is asked for."""

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

CONTAINERS: tuple[Failure, ...] = (
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
)
