"""Sizes, rates and formats that an encoder does not support, and files that it needs."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import ENCODER, WHO, Failure, failure, sign

ENCODER_LIMITS: tuple[Failure, ...] = (
    failure(
        "frame_size_odd",
        "Make both sides even, for example with -vf scale=-2:720 or -vf crop=trunc(iw/2)*2:trunc(ih/2)*2.",
        sign(
            "The {side} of {size} is odd, which '{encoder}' cannot encode in this pixel format.",
            ENCODER + r"(?P<side>width|height) not divisible by 2 \((?P<size>\d+x\d+)\)",
        ),
        sign(
            "The {side} is odd, which the encoder cannot encode in this pixel format.",
            r"Picture (?P<side>width|height) must be an integer multiple of the specified chroma subsampling",
        ),
        sign(
            "A side of the frame is odd, which the encoder cannot encode in this pixel format.",
            r"Source (?:Width|Height) must be even for YUV_420",
        ),
        options=("-vf", "-filter_complex", "-s", "-c:v"),
    ),
    failure(
        "frame_size_unsupported",
        "Scale to a size that the encoder supports.",
        sign(
            "The encoder '{encoder}' does not support frames of {size}.",
            ENCODER + r"The specified picture size of (?P<size>\d+x\d+) is not valid for",
        ),
        sign(
            "A frame of {size} is too small for the encoder '{encoder}'.",
            ENCODER + r"Image size is too small \((?P<size>\d+x\d+)\)",
        ),
        sign(
            "A side of the frame is less than the {min} pixels that the encoder needs.",
            r"Source (?:Width|Height) must be at least (?P<min>\d+)",
        ),
        sign(
            "The encoder '{encoder}' has no profile for {size} video.",
            ENCODER + r"Found no DV profile for (?P<size>\d+x\d+ \w+) video",
        ),
        sign(
            "A frame of {size} is too large for the encoder '{encoder}'.",
            ENCODER + r"Picture size (?P<size>\d+x\d+) is invalid",
        ),
        options=("-vf", "-filter_complex", "-s", "-c:v"),
    ),
    failure(
        "encoder_setting_unsupported",
        "Use a setting that the encoder has, or leave the option out.",
        sign(
            "The encoder '{encoder}' has no level {value}.",
            ENCODER + r"invalid level_idc: (?P<value>\d+)",
            hint="Use a level such as 4.1, or leave out -level: the encoder chooses it.",
        ),
        sign(
            "The encoder '{encoder}' does not support the profile that was asked for.",
            ENCODER + r"Profile not supported",
            hint="Leave out -profile:a: this AAC encoder writes AAC-LC; HE-AAC needs another encoder.",
        ),
        sign(
            "DNxHD has no form with this frame size, rate, pixel format and bitrate.",
            ENCODER + r"video parameters incompatible with DNxHD",
            hint="Use DNxHR, which takes any size: -c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p.",
        ),
        options=("-level", "-profile", "-c:v", "-c:a"),
    ),
    failure(
        "pixel_format_unsupported",
        "Set a pixel format that the encoder and its profile support, usually -pix_fmt yuv420p.",
        sign(
            "The profile '{profile}' cannot hold {value}.",
            r"(?<!\S)(?P<profile>\S++) profile doesn't support (?P<value>\S.*)$",
        ),
        sign(
            "The encoder '{encoder}' does not support this pixel format with the size and bitrate asked for.",
            ENCODER + r"pixel format is incompatible with (?P<profile>\S+) profile",
        ),
        options=("-pix_fmt", "-profile"),
    ),
    failure(
        "sample_rate_unsupported",
        "Set a rate that the encoder supports, usually -ar 48000.",
        sign(
            "The encoder '{encoder}' does not support a sample rate of {value} Hz.",
            ENCODER + r"Specified sample rate (?P<value>\d+) is not supported",
            ENCODER + r"(?P<value>\d+) Hz not supported",
        ),
        sign(
            "The encoder '{encoder}' supports a sample rate of 8000 Hz only.",
            ENCODER + r"(?:Only 8000Hz sample rate supported|Sample rates other than 8kHz are not allowed)",
        ),
        options=("-ar",),
    ),
    failure(
        "channel_layout_unsupported",
        "Set a number of channels that the encoder supports, usually -ac 2.",
        sign(
            "The encoder '{encoder}' does not support the channel layout '{value}'.",
            ENCODER + r"Specified channel layout '(?P<value>[^'\n]*)' is not supported",
        ),
        sign(
            "The encoder '{encoder}' does not support the channel layout '{value}', which names no speakers.",
            ENCODER + r'Unsupported channel layout "(?P<value>\d+ channels)"',
            hint="Name the speakers: -ac 1 for one channel, -ac 2 for two, or -af aformat=channel_layouts=5.1.",
        ),
        sign(
            "The encoder '{encoder}' does not support the channel layout '{value}'.",
            ENCODER + r'Unsupported channel layout "(?P<value>[^"\n]*)"',
        ),
        sign(
            "The encoder '{encoder}' does not support {value} channels.",
            ENCODER + r"Opus mapping family undefined for (?P<value>\d+) channels",
        ),
        sign(
            "There is no channel layout with {value}.",
            r'channel layout "(?P<value>[^"\n]*)" is invalid or unsupported',
        ),
        sign(
            "The encoder '{encoder}' does not support the channel layout '{value}'.",
            ENCODER + r"Invalid channel layout (?P<value>\S+) for specified mapping family",
            hint="Give it one of its own layouts: -af aformat=channel_layouts=5.1 (or 7.1, stereo, mono).",
        ),
        sign(
            "The format '{format}' cannot hold AAC sound with this channel layout.",
            r"^\[(?P<format>[\w,]+)\] channelConfiguration > 7 is not supported in ADTS",
            hint="Set other channels, usually -ac 2 or -ac 6, or write HLS as -hls_segment_type fmp4.",
        ),
        sign("The encoder '{encoder}' supports one channel only.", ENCODER + r"Only mono supported"),
        sign(
            "There is no mix from {has} to {wants}.",
            r"Rematrix is needed between (?P<has>(?:(?! and )[^\n])+) and (?P<wants>(?:(?! but )[^\n])+) "
            r"but there is not enough information",
        ),
        options=("-ac", "-channel_layout", "-ch_layout"),
    ),
    failure(
        "sample_format_unsupported",
        "Leave out -sample_fmt: FFmpeg chooses one that the encoder supports.",
        sign(
            "The encoder '{encoder}' does not support the sample format '{value}'.",
            ENCODER + r"Specified sample format (?P<value>\S+) is (?:invalid or )?not supported",
        ),
    ),
    failure(
        "frame_rate_unsupported",
        "Set a rate that the encoder supports, for example -r 25.",
        sign(
            "The encoder '{encoder}' does not support this frame rate.",
            ENCODER + r"MPEG-1/2 does not support (?P<rate>\S+) fps",
        ),
        sign(
            "The encoder '{encoder}' cannot count time in units of {unit} s, only down to 1/65535 s.",
            ENCODER + r"timebase (?P<unit>\d+/\d+) not supported by MPEG 4 standard",
            hint="Set a frame rate, for example -r 30, and leave out -enc_time_base and -fps_mode passthrough; "
            "or use another encoder, such as libx264.",
        ),
        options=("-r", "-enc_time_base", "-fps_mode", "-c:v"),
    ),
    failure(
        "bitrate_unsupported",
        "Set a bitrate that the encoder supports, or leave out -b.",
        sign(
            "The encoder '{encoder}' supports {min} to {max} bits per second, not {rate}.",
            ENCODER + r"The bit rate (?P<rate>\d+) bps is unsupported\. Please choose a value between "
            r"(?P<min>\d+) and (?P<max>\d+)",
        ),
        sign(
            "A bitrate of {rate} bits per second is too low for the encoder.",
            r"Bitrate (?P<rate>\d+) is extremely low",
        ),
        options=("-b", "-ab", "-vb"),
    ),
    failure(
        "pass_log_missing",
        "Run the first pass before the second, in the same directory and with the same -passlogfile.",
        sign(
            "The first pass left no log '{file}' for the second.",
            r"Error reading log file '(?P<file>[^'\n]*)' for pass-2 encoding",
        ),
        sign(
            "The first pass left no log for the second.",
            WHO + r"(?:ratecontrol_init: can't open stats file|unable to open file \S+)",
        ),
        options=("-pass", "-x265-params"),
    ),
    failure(
        "subtitle_conversion_impossible",
        "Text subtitles become text formats only (mov_text, subrip, ass); burn them in with the subtitles filter.",
        sign(
            "Text subtitles cannot become picture subtitles, nor the other way round.",
            r"Subtitle encoding currently only possible from text to text or bitmap to bitmap",
        ),
        options=("-c:s", "-scodec"),
    ),
)
