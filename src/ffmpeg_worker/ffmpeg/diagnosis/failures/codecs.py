"""Failures of encoders, decoders and hardware: unknown names, and missing devices."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import FILTER_OPTIONS, Failure, failure, sign

MISSING_HARDWARE_LIBRARY = (
    r"implib-gen: (?P<library>lib(?:va|drm|vdpau|OpenCL|vulkan|vpl|mfx)[\w.-]*): failed to load"
)
"""Written by builds that load hardware libraries at run time, before they abort.

See https://github.com/yugr/Implib.so, which generates the loaders.
"""

HARDWARE_ABORT = failure(
    "hardware_unavailable",
    "Leave out hardware devices, decoders, filters and encoders: -hwaccel, -init_hw_device, h264_vaapi.",
    sign("FFmpeg aborted while it opened a hardware device that this worker does not have.", r"(?!)"),
    options=("-hwaccel", "-init_hw_device", "-vaapi_device", "-qsv_device", "-c", "-codec", "-vcodec"),
)
"""For runs that SIGABRT has ended, and whose log does not name a missing library."""

CODECS: tuple[Failure, ...] = (
    failure(
        "encoder_unknown",
        "Use an encoder of this build, such as libx264, libx265, libsvtav1, aac or libopus.",
        sign("This FFmpeg has no encoder named '{encoder}'.", r"Unknown encoder '(?P<encoder>[^'\n]*)'"),
        near="encoders",
    ),
    failure(
        "decoder_unknown",
        "Remove -c before -i: FFmpeg finds the decoder itself.",
        sign("This FFmpeg has no decoder named '{decoder}'.", r"Unknown decoder '(?P<decoder>[^'\n]*)'"),
        near="decoders",
    ),
    failure(
        "decoder_missing",
        "Leave the stream out: -map 0:v -map 0:a:0 takes the picture and the first sound. Phones record the same "
        "sound a second time in a format of their own.",
        sign(
            "This FFmpeg cannot decode '{codec}', the format of the input stream {stream}.",
            r"^\[[vasd]ist#(?P<stream>\d+:\d+)[^\]\n]*+\] (?:\[[^\]\n]*+\] )*+"
            r"Decoding requested, but no decoder found for: (?P<codec>\S+)",
        ),
        sign(
            "This FFmpeg cannot decode the format of the input stream {stream}.",
            r"Decoder \(codec (?P<codec>\S+)\) not found for input stream #(?P<stream>\d+:\d+)",
        ),
        options=("-map", "-i"),
    ),
    failure(
        "codec_wrong_type",
        "Use -c:v for video, -c:a for audio and -c:s for subtitles.",
        sign(
            "The {kind} '{value}' does not fit the kind of stream.",
            r"Invalid (?P<kind>encoder|decoder) type '(?P<value>[^'\n]*)'",
        ),
    ),
    failure(
        "encoder_experimental",
        "Use another encoder for the format, or add -strict experimental.",
        sign(
            "The encoder '{encoder}' is experimental and not enabled.",
            r"The encoder '(?P<encoder>[^'\n]*)' is experimental",
        ),
    ),
    failure(
        "encoder_unavailable",
        "This worker lacks the hardware: use a software encoder such as libx264, libx265 or libsvtav1.",
        sign(
            "The encoder '{encoder}' needs hardware that this worker does not have.",
            r"^\[(?P<encoder>\w+_(?:nvenc|qsv|amf|v4l2m2m|vaapi"
            r"|vulkan))\] (?:Cannot load \S+|Error (?:creating|initializing) a[^\n]*MFX session"
            r"|Could not find a valid device|Failed to create +hardware device"
            r"|No capable devices found|No device available"
            r"|A hardware (?:device|frames) reference|Driver does not support[^\n]*"
            r"|OpenEncodeSessionEx failed[^\n]*|can't configure encoder)",
        ),
        sign(
            "The hardware encoder of the command got no hardware frames.",
            r"Impossible to convert between the formats supported by the filter",
            argument=r"^\w+_(?:vaapi|vulkan|qsv)$",
        ),
    ),
    failure(
        "hardware_unavailable",
        "This worker lacks the hardware: remove -hwaccel, -init_hw_device, hardware decoders and filters.",
        sign(
            "The command needs a GPU that this worker does not have.",
            r"Cannot load (?P<library>lib(?:cuda|nvcuvid|vdpau)\S*)",
        ),
        sign(
            "The command needs a graphics device that this worker does not have.",
            r"No VA display found for device (?P<value>.+)\.$|A hardware device reference is required",
        ),
        sign(
            "The decoder '{decoder}' needs a device that this worker does not have.",
            r"^\[(?P<decoder>\w+_v4l2m2m)\] can't configure decoder",
        ),
        sign(
            "The command needs a hardware device, and '{library}' is not installed on this worker.",
            MISSING_HARDWARE_LIBRARY,
        ),
        sign(
            "The command needs a hardware device that this worker does not have.", r"Device creation failed: -?\d+"
        ),
        options=("-hwaccel", "-init_hw_device", "-vaapi_device", "-c", "-codec"),
    ),
    failure(
        "pixel_format_inconvertible",
        "Move frames into or out of GPU memory with hwupload or hwdownload; do not use hardware "
        "pixel formats in software commands.",
        sign(
            "The frames cannot be converted to the pixel format that is needed.",
            r"Impossible to convert between the formats supported by the filter",
        ),
        options=FILTER_OPTIONS,
    ),
)
