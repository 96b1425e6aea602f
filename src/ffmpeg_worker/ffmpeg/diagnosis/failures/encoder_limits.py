"""Sizes, rates and formats that an encoder does not support, and files that it needs."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import ENCODER, WHO, Failure, sign

ENCODER_LIMITS: tuple[Failure, ...] = (
    Failure(
        "frame_size_odd",
        "Make both sides even, for example with -vf scale=-2:720 or -vf crop=trunc(iw/2)*2:trunc(ih/2)*2.",
        (
            sign(
                ENCODER + r"(?P<side>width|height) not divisible by 2 \((?P<size>\d+x\d+)\)",
                "The {side} of {size} is odd, which '{encoder}' cannot encode in this pixel format.",
            ),
            sign(
                r"Picture (?P<side>width|height) must be an integer multiple of the specified "
                r"chroma subsampling",
                "The {side} is odd, which the encoder cannot encode in this pixel format.",
            ),
            sign(
                r"Source (?:Width|Height) must be even for YUV_420",
                "A side of the frame is odd, which the encoder cannot encode in this pixel format.",
            ),
        ),
        options=("-vf", "-filter_complex", "-s", "-c:v"),
    ),
    Failure(
        "frame_size_unsupported",
        "Scale to a size that the encoder supports.",
        (
            sign(
                ENCODER + r"The specified picture size of (?P<size>\d+x\d+) is not valid for",
                "The encoder '{encoder}' does not support frames of {size}.",
            ),
            sign(
                ENCODER + r"Image size is too small \((?P<size>\d+x\d+)\)",
                "A frame of {size} is too small for the encoder '{encoder}'.",
            ),
            sign(
                r"Source (?:Width|Height) must be at least (?P<min>\d+)",
                "A side of the frame is less than the {min} pixels that the encoder needs.",
            ),
            sign(
                ENCODER + r"Found no DV profile for (?P<size>\d+x\d+ \w+) video",
                "The encoder '{encoder}' has no profile for {size} video.",
            ),
            sign(
                ENCODER + r"Picture size (?P<size>\d+x\d+) is invalid",
                "A frame of {size} is too large for the encoder '{encoder}'.",
            ),
        ),
        options=("-vf", "-filter_complex", "-s", "-c:v"),
    ),
    Failure(
        "pixel_format_unsupported",
        "Set a pixel format that the encoder and its profile support, usually -pix_fmt yuv420p.",
        (
            sign(
                r"(?P<profile>\S+) profile doesn't support (?P<value>\S.*)$",
                "The profile '{profile}' cannot hold {value}.",
            ),
            sign(
                ENCODER + r"pixel format is incompatible with (?P<profile>\S+) profile",
                "The encoder '{encoder}' does not support this pixel format with the size and bitrate asked for.",
            ),
        ),
        options=("-pix_fmt", "-profile"),
    ),
    Failure(
        "sample_rate_unsupported",
        "Set a rate that the encoder supports, usually -ar 48000.",
        (
            sign(
                ENCODER + r"Specified sample rate (?P<value>\d+) is not supported",
                "The encoder '{encoder}' does not support a sample rate of {value} Hz.",
            ),
            sign(
                ENCODER + r"(?P<value>\d+) Hz not supported",
                "The encoder '{encoder}' does not support a sample rate of {value} Hz.",
            ),
            sign(
                ENCODER + r"(?:Only 8000Hz sample rate supported|Sample rates other than 8kHz are not allowed)",
                "The encoder '{encoder}' supports a sample rate of 8000 Hz only.",
            ),
        ),
        options=("-ar",),
    ),
    Failure(
        "channel_layout_unsupported",
        "Set a number of channels that the encoder supports, usually -ac 2.",
        (
            sign(
                ENCODER + r"Specified channel layout '(?P<value>[^'\n]*)' is not supported",
                "The encoder '{encoder}' does not support the channel layout '{value}'.",
            ),
            sign(
                ENCODER + r"Opus mapping family undefined for (?P<value>\d+) channels",
                "The encoder '{encoder}' does not support {value} channels.",
            ),
            sign(
                r'channel layout "(?P<value>[^"\n]*)" is invalid or unsupported',
                "There is no channel layout with {value}.",
            ),
            sign(ENCODER + r"Only mono supported", "The encoder '{encoder}' supports one channel only."),
            sign(
                r"Rematrix is needed between (?P<has>[^\n]+) and (?P<wants>[^\n]+) but there is "
                r"not enough information",
                "There is no mix from {has} to {wants}.",
            ),
        ),
        options=("-ac", "-channel_layout", "-ch_layout"),
    ),
    Failure(
        "sample_format_unsupported",
        "Leave out -sample_fmt: FFmpeg chooses one that the encoder supports.",
        (
            sign(
                ENCODER + r"Specified sample format (?P<value>\S+) is (?:invalid or )?not supported",
                "The encoder '{encoder}' does not support the sample format '{value}'.",
            ),
        ),
    ),
    Failure(
        "frame_rate_unsupported",
        "Set a rate that the encoder supports, for example -r 25.",
        (
            sign(
                ENCODER + r"MPEG-1/2 does not support (?P<rate>\S+) fps",
                "The encoder '{encoder}' does not support this frame rate.",
            ),
        ),
        options=("-r",),
    ),
    Failure(
        "bitrate_unsupported",
        "Set a bitrate that the encoder supports, or leave out -b.",
        (
            sign(
                ENCODER + r"The bit rate (?P<rate>\d+) bps is unsupported\. Please choose a value between "
                r"(?P<min>\d+) and (?P<max>\d+)",
                "The encoder '{encoder}' supports {min} to {max} bits per second, not {rate}.",
            ),
            sign(
                r"Bitrate (?P<rate>\d+) is extremely low",
                "A bitrate of {rate} bits per second is too low for the encoder.",
            ),
        ),
        options=("-b", "-ab", "-vb"),
    ),
    Failure(
        "pass_log_missing",
        "Run the first pass before the second, in the same directory and with the same -passlogfile.",
        (
            sign(
                r"Error reading log file '(?P<file>[^'\n]*)' for pass-2 encoding",
                "The first pass left no log '{file}' for the second.",
            ),
            sign(
                WHO + r"(?:ratecontrol_init: can't open stats file|unable to open file \S+)",
                "The first pass left no log for the second.",
            ),
        ),
        options=("-pass", "-x265-params"),
    ),
    Failure(
        "subtitle_conversion_impossible",
        "Text subtitles become text formats only (mov_text, subrip, ass); burn them in with the subtitles filter.",
        (
            sign(
                r"Subtitle encoding currently only possible from text to text or bitmap to bitmap",
                "Text subtitles cannot become picture subtitles, nor the other way round.",
            ),
        ),
        options=("-c:s", "-scodec"),
    ),
)
